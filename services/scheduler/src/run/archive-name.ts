/** Leaves room for type, time and number in the 200 characters of the API's archive names. */
const HOST_LENGTH = 150;

/**
 * `TYPE-HOST-YYYY-MM-DD_HH-MM`, UTC. What borg could take for a separator or a placeholder in the host's name becomes an
 * underscore.
 */
export const archiveName = (policyType: string, hostname: string, millis: number): string => {
  const host = hostname.replace(/[^A-Za-z0-9._-]/g, '_').slice(0, HOST_LENGTH);
  const [date = '', time = ''] = new Date(millis).toISOString().slice(0, 16).split('T');
  return `${policyType}-${host}-${date}_${time.replace(':', '-')}`;
};

/** The nth name to try: the name itself, then `name-2`, `name-3` and so on. */
export const nthName = (name: string, n: number): string => (n === 1 ? name : `${name}-${n}`);
