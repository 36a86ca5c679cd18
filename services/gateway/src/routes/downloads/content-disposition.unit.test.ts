import fc from 'fast-check';
import { expect, test } from 'vitest';
import { contentDisposition } from './content-disposition.ts';

test.each([
  ['report.pdf', 'attachment; filename="report.pdf"'],
  ['a "b".txt', `attachment; filename="a _b_.txt"; filename*=UTF-8''a%20%22b%22.txt`],
  ['Größe 🎉', `attachment; filename="Gr__e __"; filename*=UTF-8''Gr%C3%B6%C3%9Fe%20%F0%9F%8E%89`],
  ['new\nline\\', `attachment; filename="new_line_"; filename*=UTF-8''new%0Aline%5C`],
  ["it's (1)*", `attachment; filename="it's (1)*"`],
  ['bad\udcff', `attachment; filename="bad_"; filename*=UTF-8''bad%EF%BF%BD`],
])('encodes the name %j', (name, header) => {
  expect(contentDisposition(name)).toBe(header);
});

test('lets no name break out of the header', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (name) => {
      expect(contentDisposition(name)).toMatch(
        /^attachment; filename="[\x20-\x21\x23-\x5b\x5d-\x7e]*"(; filename\*=UTF-8''[\w.!~%-]*)?$/,
      );
    }),
  );
});
