const MIN_LENGTH = 8;
const MIN_DISTINCT = 4;

/** The ones that every list of stolen passwords begins with, where the other rules would let them pass. */
const COMMON = new Set(
  [
    'password password1 password123 passw0rd iloveyou princess sunshine football baseball superman trustno1 qwertyuiop',
    'qwerty123 1q2w3e4r 1qaz2wsx abcd1234 letmein1 welcome1 changeme adminadmin administrator admin123 cyborgbackup',
  ].flatMap((line) => line.split(' ')),
);

/** What is wrong with a password that somebody chose; the original's words. */
export const passwordWeaknesses = (password: string): readonly string[] => {
  const found: string[] = [];
  if (password.length < MIN_LENGTH) {
    found.push(`This password is too short. It must contain at least ${MIN_LENGTH} characters.`);
  }
  if (COMMON.has(password.toLowerCase()) || new Set(password).size < MIN_DISTINCT) {
    found.push('This password is too common.');
  }
  if (/^\d+$/.test(password)) found.push('This password is entirely numeric.');
  return found;
};
