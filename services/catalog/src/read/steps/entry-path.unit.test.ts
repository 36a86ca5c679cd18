import fc from 'fast-check';
import { expect, test } from 'vitest';
import { rawPath, readablePath } from './entry-path.ts';

test('a path in UTF-8 is readable as it is', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), (path) => {
      expect(readablePath(path)).toBe(path);
      expect(rawPath(path)).toBeNull();
    }),
  );
});

test('other bytes are shown as replacement characters and kept exactly', () => {
  const path = 'caf\udce9/\u{1f600}';
  expect(readablePath(path)).toBe('caf\ufffd/\u{1f600}');
  expect(Buffer.from(rawPath(path) ?? '', 'base64')).toEqual(
    Buffer.concat([Buffer.from('caf'), Buffer.from([0xe9]), Buffer.from('/\u{1f600}')]),
  );
});
