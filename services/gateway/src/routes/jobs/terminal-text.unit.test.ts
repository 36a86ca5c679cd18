import fc from 'fast-check';
import { expect, test } from 'vitest';
import { plainText, terminalText } from './terminal-text.ts';

test.each([
  ['plain text, also ünïcode 😀', 'plain text, also ünïcode 😀'],
  ['a\tb\nc', 'a\tb\nc'],
  ['\x1b[31mred\x1b[0m \x1b[1;38:5:9mbold\x1b[m', '\x1b[31mred\x1b[0m \x1b[1;38:5:9mbold\x1b[m'],
  ['\x1b[2Jgone', '␛[2Jgone'],
  ['\x1b]0;title\x07', '␛]0;title␇'],
  ['\x1b]52;c;cm0gLXJmIC8=\x1b\\', '␛]52;c;cm0gLXJmIC8=␛\\'],
  ['\x1b[31', '␛[31'],
  [`\x1b[${'1;'.repeat(60)}m`, `␛[${'1;'.repeat(60)}m`],
  ['\x1b[?25l\x1b[6n\x1bc\x1b(0', '␛[?25l␛[6n␛c␛(0'],
  ['\x9b2J\x9d0;t\x9c', '\uFFFD2J\uFFFD0;t\uFFFD'],
  ['failed\rok    ', 'failed␍ok    '],
  ['a\bb\x7f\0', 'a␈b␡␀'],
])('%j is shown as %j', (text, shown) => expect(terminalText(text)).toBe(shown));

test('whatever the text, no control but colours comes through, and plain text has none', () => {
  const part = fc.oneof(
    fc.constantFrom('\x1b', '[', ']', ';', 'm', 'J', '0', '31', '\x9b', '\r', '\x07', '\x1b[31m', '\n'),
    fc.string({ unit: 'binary' }),
  );
  fc.assert(
    fc.property(fc.array(part), (parts) => {
      const text = parts.join('');
      const controls = /(?!\n|\t)\p{Cc}/u;
      expect(terminalText(text).replace(/\x1b\[[0-9;:]*m/g, '')).not.toMatch(controls);
      expect(plainText(text)).not.toMatch(controls);
    }),
  );
});
