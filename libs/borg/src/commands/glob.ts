import { checkArchiveName } from '@cyborgbackup/contracts';

/** A shell pattern in borg's syntax that matches exactly this text: metacharacters go between brackets. */
export const escapeGlob = (text: string): string => text.replaceAll(/[*?[]/g, '[$&]');

/** The pattern of all archives whose name begins with a text. */
export const prefixGlob = (prefix: string): string => `${escapeGlob(checkArchiveName(prefix))}*`;

/**
 * The pattern of all archives named by one text and a time stamp after it. Each digit of the sample stands for any digit, all
 * else for itself, so `archiveGlob('rootfs-web-', '2026-01-31_04-30-00')` never takes in the archives of a host `web-01`, which
 * `rootfs-web-*` would.
 */
export const archiveGlob = (prefix: string, sampleStamp: string): string =>
  checkArchiveName(prefix) && escapeGlob(prefix) + escapeGlob(checkArchiveName(sampleStamp)).replaceAll(/\d/g, '[0-9]');
