import { checkArchiveName } from './repository-location.ts';

/** A shell pattern in borg's syntax that matches exactly this text: metacharacters go between brackets. */
export const escapeGlob = (text: string): string => text.replaceAll(/[*?[]/g, '[$&]');

/** The pattern of all archives whose name begins with a text. */
export const prefixGlob = (prefix: string): string => `${escapeGlob(checkArchiveName(prefix))}*`;
