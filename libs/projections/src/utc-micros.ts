const ISO = /^(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:[0-5]\d)(?:\.(\d+))?(Z|[+-]\d\d:\d\d)$/;

/**
 * An ISO 8601 instant in the one form that read models hold: UTC with six digits of fraction. Further digits are cut.
 * @throws TypeError when the text is no instant, or has no zone
 */
export const utcMicros = (text: string): string => {
  const [, date = '', time, fraction = '', zone] = ISO.exec(text) ?? [];
  const midnight = new Date(`${date}T00:00:00Z`);
  const instant = new Date(`${date}T${time}${zone}`);
  // the 30th of February parses as a day in March
  if (Number.isNaN(instant.getTime()) || midnight.toISOString().slice(0, 10) !== date) {
    throw new TypeError('is not an ISO 8601 instant with a zone');
  }
  return `${instant.toISOString().slice(0, 19)}.${fraction.slice(0, 6).padEnd(6, '0')}Z`;
};
