import { execFileSync } from 'node:child_process';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { loginLine } from './login-line.ts';
import { quoteArgv } from './quote.ts';

const character = fc.oneof(
  fc.constantFrom(...Array.from(`'"\\$\`!*?[]{}()<>|&;~# \t=-%^@:`)),
  fc.string({ unit: 'grapheme-composite', minLength: 1, maxLength: 2 }).filter((text) => !/[\0\n\r]/.test(text)),
);
const text = fc.array(character, { maxLength: 12 }).map((characters) => characters.join(''));
const anything = fc.oneof(text, fc.constantFrom('two\nlines', '\n', '\r', '\\\n', "'\n!'"));

const through = (shell: string, line: string): Buffer =>
  execFileSync(shell, ['-c', line], {
    cwd: '/',
    env: { PATH: process.env['PATH'], HOME: '/nowhere', LC_ALL: 'C.UTF-8' },
  });

const expected = (argv: readonly string[]): Buffer => Buffer.concat(argv.map((word) => Buffer.from(`${word}\0`)));

const SHELLS = ['sh', 'bash', 'bsd-csh', 'tcsh', 'fish'];

test.each(SHELLS)('a script means the same when it is sent to %s', (shell) => {
  const arrive = (argv: readonly string[]): void => {
    const line = loginLine(`printf '%s\\0' ${quoteArgv(argv)}`);
    expect(line).not.toMatch(/[^\x20-\x7e]/);
    expect(through(shell, line)).toEqual(expected(argv));
  };
  arrive(['it’s', "it's", 'a\\', '\\\\', '!!', '\n', '']);
  arrive(['ü!\n'.repeat(1_500)]);
  fc.assert(fc.property(fc.array(anything, { minLength: 1, maxLength: 10 }), arrive), { numRuns: 15 });
});

test.each(SHELLS)('a quoted word, as in authorized_keys, is one word of %s', (shell) => {
  const arrive = (argv: readonly string[]): void => {
    expect(through(shell, `/usr/bin/printf '%s\\0' ${quoteArgv(argv)}`)).toEqual(expected(argv));
  };
  arrive(["/srv/it's", '/srv/a\\', '/srv/\\\\b', '/srv/now!', '/srv/ünï $HOME']);
  fc.assert(fc.property(fc.array(text, { minLength: 1, maxLength: 10 }), arrive), { numRuns: 15 });
});
