/** What sh, csh, tcsh and fish read alike between single quotes. */
const UNSAFE = /[^\x20-\x7e]|['\\!]/gu;

const octal = (character: string): string =>
  Array.from(Buffer.from(character), (byte) => `\\0${byte.toString(8).padStart(3, '0')}`).join('');

/** Of characters, each up to five long: csh takes no word of more than 8,192. */
const WORDS = /(?:\\0[0-7]{3}|[^\\]){1,1500}/g;

/**
 * The line that makes any login shell run a script of POSIX sh: dash and bash, and also csh, tcsh and fish, which have other rules for
 * quotes, variables and line breaks. The script is carried by words, in which `printf %b` restores what one of these shells would
 * change. Descriptors that csh keeps for itself are closed: sshd would wait for the last process that has one.
 */
export const loginLine = (script: string): string => {
  const words = script.replaceAll(UNSAFE, octal).match(WORDS) ?? [];
  return `exec /bin/sh -c 'exec 3>&- 4>&- 5>&- 6>&- 7>&-; eval "$(printf %b "$@")"' sh ${words.map((word) => `'${word}'`).join(' ')}`;
};
