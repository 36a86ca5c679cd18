const ISO = /^(\d{4,}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,6})?)(Z|[+-]\d\d:\d\d)?$/;

/**
 * Borg's times as ISO 8601 in UTC. Borg 1.2 writes local time without a zone; we run it with `TZ=UTC`, so that is UTC
 * (and keeps its microseconds). Later versions add the offset.
 * @returns undefined for anything else
 */
export const toIsoUtc = (text: unknown): string | undefined => {
  const match = typeof text === 'string' ? ISO.exec(text) : null;
  if (!match) return undefined;
  const [, naive = '', zone] = match;
  if (zone === undefined || zone === 'Z' || zone === '+00:00') return `${naive}Z`;
  const date = new Date(`${naive}${zone}`);
  return Number.isNaN(date.getTime()) ? undefined : date.toISOString();
};

/** Seconds since the epoch, as in log lines, as ISO 8601 in UTC. */
export const isoOfSeconds = (seconds: unknown): string | undefined => {
  if (typeof seconds !== 'number' || Math.abs(seconds) > 8.64e12) return undefined;
  return new Date(seconds * 1000).toISOString();
};
