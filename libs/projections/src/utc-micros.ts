const CANONICAL = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/;
const ISO = /^(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d)(?:\.(\d+))?(Z|[+-]\d\d:\d\d)$/;

/**
 * An ISO 8601 instant in the one form that read models hold: UTC with six digits of fraction. Further digits are cut.
 * @throws TypeError when the text is no instant, or has no zone
 */
export const utcMicros = (text: string): string => {
  if (CANONICAL.test(text)) return text;
  const [, date, time, fraction = '', zone] = ISO.exec(text) ?? [];
  const millis = zone === undefined ? Number.NaN : Date.parse(`${date}T${time}${zone}`);
  if (Number.isNaN(millis)) throw new TypeError('is not an ISO 8601 instant with a zone');
  return `${new Date(millis).toISOString().slice(0, 19)}.${fraction.slice(0, 6).padEnd(6, '0')}Z`;
};
