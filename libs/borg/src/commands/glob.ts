import { checkArchiveName } from '../repository-location.ts';

/** A shell pattern in borg's syntax that matches exactly the text: metacharacters go between brackets. */
export const escapeGlob = (text: string): string => text.replaceAll(/[*?[]/g, '[$&]');

/**
 * The pattern of all archives whose name begins with a text. Give the text its separator: `web-` would match the archives
 * of a host `web-01` too, so names are best built as `<type>-<host>-<time>` with the time's first digits beyond the prefix,
 * and compared by `isArchiveOf` where it matters.
 */
export const archiveGlob = (prefix: string): string => `${escapeGlob(checkArchiveName(prefix))}*`;
