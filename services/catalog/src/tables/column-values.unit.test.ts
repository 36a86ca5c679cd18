import fc from 'fast-check';
import { expect, it } from 'vitest';
import { storedText } from './column-values.ts';

it('stores a path in UTF-8 as it is', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), (path) => {
      expect(storedText(path)).toEqual({ text: path, raw: null });
    }),
  );
});

it('shows bytes that are not UTF-8 as replacement characters and keeps them exactly', () => {
  const { text, raw } = storedText('caf\udce9/\u{1f600}');
  expect(text).toBe('caf\ufffd/\u{1f600}');
  expect(Buffer.from(raw ?? '', 'base64')).toEqual(
    Buffer.concat([Buffer.from('caf'), Buffer.from([0xe9]), Buffer.from('/\u{1f600}')]),
  );
});
