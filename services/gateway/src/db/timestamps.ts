const POSTGRES = /^(\d{4,}-\d\d-\d\d) (\d\d:\d\d:\d\d)(?:\.(\d{1,6}))?([+-]\d\d)(?::?(\d\d))?$/;

/** PostgreSQL's text of a `timestamptz`, in any time zone, as ISO 8601 in UTC with six fraction digits. */
export const isoFromPostgres = (text: string): string => {
  const [, date = '', time = '', fraction = '', hours = '+00', minutes = '00'] = POSTGRES.exec(text) ?? [];
  const utc = hours === '+00' && minutes === '00' ? `${date}T${time}` : shifted(`${date}T${time}${hours}:${minutes}`);
  return `${utc}.${fraction.padEnd(6, '0')}Z`;
};

const shifted = (instant: string): string => new Date(instant).toISOString().slice(0, 19);

/** The same instant without its fraction where that is zero, `2018-11-23T23:03:52Z`, as the original writes it. */
export const shortIso = (iso: string): string => iso.replace(/\.0*Z$/, 'Z');

export const shortIsoOrNull = (iso: string | null): string | null => (iso === null ? null : shortIso(iso));
