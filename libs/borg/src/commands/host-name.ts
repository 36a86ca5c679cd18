import { AppError } from '@cyborgbackup/kernel';
import { isIPv6 } from 'node:net';

const NAME = /^[A-Za-z0-9_]([A-Za-z0-9._-]*[A-Za-z0-9_])?\.?$/;
/** `isIPv6` takes zones (`fe80::1%eth0`), in which any text may stand. */
const IPV6_DIGITS = /^[0-9a-fA-F:.]+$/;
/** As in DNS, with a dot at the end. */
const MAX_LENGTH = 254;

/** An IPv6 address without its brackets; any other text as it is. */
export const withoutBrackets = (host: string): string => host.replace(/^\[(.*)\]$/s, '$1');

/**
 * Whether this is a host name or an address that ssh, sshfs and borg cannot take for anything else: not an option, a URL, a user or
 * a path. IPv6 in brackets or without.
 */
export const isHostName = (host: string): boolean => {
  const bare = withoutBrackets(host);
  const isAddress = IPV6_DIGITS.test(bare) && isIPv6(bare);
  return isAddress || (host.length <= MAX_LENGTH && NAME.test(host));
};

/** @throws AppError('validation') with a sentence, unless `isHostName` */
export const checkHostName = (host: string): void => {
  if (isHostName(host)) return;
  throw new AppError(
    'validation',
    'This is not a host name: write a name of letters, digits, dots and hyphens (hyphens only inside) or an IP address, ' +
      'without user, port or URL.',
  );
};
