const IDENTIFIER = /^[a-z_][a-z0-9_]*$/i;

/** PostgreSQL cuts longer names silently; some of ours get a suffix. */
const LONGEST = 50;

/** @throws TypeError for a name that would need more than double quotes to be an identifier */
export const checkIdentifier = (name: string): void => {
  if (!IDENTIFIER.test(name) || name.length > LONGEST) throw new TypeError(`${name} is not usable as an identifier`);
};

/** Quoted, so that case and reserved words survive. */
export const quoteIdentifier = (name: string): string => `"${name.replaceAll('"', '""')}"`;
