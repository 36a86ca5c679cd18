import { execFileSync } from 'node:child_process';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { quote, quoteArgv } from './quote.ts';

/** The bytes a program gets for a string with surrogate escapes. */
const bytesOf = (text: string): Buffer =>
  Buffer.concat(
    text
      .split(/(\p{Surrogate})/u)
      .map((part, index) => (index % 2 === 0 ? Buffer.from(part) : Buffer.of(part.charCodeAt(0) - 0xdc00))),
  );

const through = (shell: string, argv: readonly string[], env: NodeJS.ProcessEnv): Buffer =>
  execFileSync(shell, ['-c', `printf '%s\\0' ${quoteArgv(argv)}`], {
    env,
    cwd: '/',
    stdio: ['ignore', 'pipe', 'inherit'],
  });

const character = fc.oneof(
  fc.constantFrom(...Array.from(`'"\\$\`!*?[]{}()<>|&;~# \n\t\r=-%^`)),
  fc.string({ unit: 'binary', minLength: 1, maxLength: 3 }).filter((text) => !text.includes('\0')),
  fc.integer({ min: 0xdc80, max: 0xdcff }).map((code) => String.fromCharCode(code)),
);
// A high surrogate before an escaped byte would pair with it; borg never writes one.
const argument = fc
  .array(character, { maxLength: 12 })
  .map((characters) => characters.join(''))
  .filter(
    (text) =>
      !/[\ud800-\udbff](?![\udc00-\udfff])|[\udc00-\udc7f\udd00-\udfff]/.test(
        text.replaceAll(/[\ud800-\udbff][\udc00-\udfff]/g, ''),
      ),
  );

test.each([
  ['sh', 'C'],
  ['sh', 'C.UTF-8'],
  ['bash', 'C'],
  ['bash', 'C.UTF-8'],
])('every argument survives %s in locale %s byte for byte', (shell, locale) => {
  fc.assert(
    fc.property(fc.array(argument, { minLength: 1, maxLength: 40 }), (argv) => {
      const expected = Buffer.concat(argv.flatMap((text) => [bytesOf(text), Buffer.of(0)]));
      expect(through(shell, argv, { PATH: process.env['PATH'], LC_ALL: locale }).equals(expected)).toBe(true);
    }),
    { numRuns: 40 },
  );
});

test.each(['sh', 'bash'])('each single byte above ASCII survives %s', (shell) => {
  const argv = Array.from({ length: 128 }, (_, index) => `a${String.fromCharCode(0xdc80 + index)}b`);
  const expected = Buffer.concat(argv.flatMap((text) => [bytesOf(text), Buffer.of(0)]));
  expect(through(shell, argv, {}).equals(expected)).toBe(true);
});

test.each([
  ['', "''"],
  ['plain/path-1.txt', 'plain/path-1.txt'],
  ['a b', "'a b'"],
  ["it's", "'it'\\''s'"],
  ['~', "'~'"],
  ['A=b', "'A=b'"],
  ['caf\udce9', `'caf'"$(printf '\\351')"`],
  ['😀', "'😀'"],
])('quote(%j) gives %s', (text, quoted) => {
  expect(quote(text)).toBe(quoted);
});

test('an argument with a NUL character is refused', () => {
  expect(() => quote('a\0b')).toThrow('A command argument contains a NUL character');
});

test.each(['\ud800', 'x\udc7f', '\udd00'])('a lone surrogate that stands for no byte is refused: %j', (text) => {
  expect(() => quote(text)).toThrow('half a character');
});
