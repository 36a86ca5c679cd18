import fc from 'fast-check';
import { expect, test } from 'vitest';
import { jsonText } from './json-text.ts';

test('the JSON of any value has no control character, and says the same', () => {
  fc.assert(
    fc.property(fc.jsonValue({ stringUnit: 'binary' }), (value) => {
      const text = jsonText(value);
      expect(text).not.toMatch(/\p{Cc}/u);
      expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(value)));
    }),
  );
  expect(jsonText({ 'a\x9b2J': ['\x1b[2J\x7f\x85'] })).toBe(String.raw`{"a\u009b2J":["\u001b[2J\u007f\u0085"]}`);
});
