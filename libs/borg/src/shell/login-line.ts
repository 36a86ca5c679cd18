/** What sh, csh, tcsh and fish read alike between single quotes. */
const UNSAFE = /[^\x20-\x7e]|['\\!]/gu;

const octal = (character: string): string =>
  Array.from(Buffer.from(character), (byte) => `\\0${byte.toString(8).padStart(3, '0')}`).join('');

/**
 * The line that makes any login shell run a script of POSIX sh: dash and bash, and also csh, tcsh and fish, which have other rules for
 * quotes, variables and line breaks. The script is one word, in which `printf %b` restores what one of these shells would change.
 * Descriptors that csh keeps for itself are closed: sshd would wait for the last process that has one.
 */
export const loginLine = (script: string): string =>
  `exec /bin/sh -c 'exec 3>&- 4>&- 5>&- 6>&- 7>&-; eval "$(printf %b "$1")"' sh '${script.replaceAll(UNSAFE, octal)}'`;
