import { AppError } from '@cyborgbackup/kernel';

/**
 * The one place where data becomes shell text.
 *
 * A word is put between single quotes, where no POSIX shell expands anything. A single quote itself ends the quoting,
 * appears escaped, and starts it again; so do a backslash, which fish would read, and an exclamation mark, which csh would: a word
 * of UTF-8 text without line breaks means the same in every login shell. File names that are not valid UTF-8 are held in strings the way Python and borg
 * hold them: byte 0xNN (0x80 to 0xFF) as the lone surrogate U+DCNN ("surrogate escape"). Such bytes are written by
 * printf with octal escapes, so that the line itself is always valid UTF-8.
 */

const PLAIN_WORD = /^[A-Za-z0-9_/.,:@%+-]+$/;
/** With the `u` flag only surrogates without a partner match. */
const LONE_SURROGATES = /(\p{Surrogate}+)/u;

/** True when the text stands for bytes that are not UTF-8. */
export const hasEscapedBytes = (text: string): boolean => LONE_SURROGATES.test(text);

const octal = (character: string): string => {
  const code = character.charCodeAt(0);
  if (code < 0xdc80 || code > 0xdcff) {
    throw new AppError(
      'validation',
      'A command argument holds half a character (a lone surrogate), which no file name has.',
    );
  }
  return `\\${(code - 0xdc00).toString(8)}`;
};

const quoteText = (text: string): string => (text === '' ? '' : `'${text.replaceAll(/['\\!]/g, String.raw`'\$&'`)}'`);

const quoteBytes = (escapes: string): string => `"$(printf '${Array.from(escapes, octal).join('')}')"`;

/**
 * One argument as one word of a POSIX shell.
 * @throws AppError('validation') for a NUL character, which no argument can hold, and for broken surrogates
 */
export const quote = (argument: string): string => {
  if (argument.includes('\0')) {
    throw new AppError('validation', 'A command argument contains a NUL character, which no program can be given.');
  }
  if (PLAIN_WORD.test(argument)) return argument;
  const parts = argument.split(LONE_SURROGATES);
  return parts.map((part, index) => (index % 2 === 0 ? quoteText(part) : quoteBytes(part))).join('') || "''";
};

/** An argument vector as one shell command line. @throws like `quote` */
export const quoteArgv = (argv: readonly string[]): string => argv.map(quote).join(' ');
