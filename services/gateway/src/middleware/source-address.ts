import { BlockList, isIP } from 'node:net';

/*
 * Where a request comes from. Behind proxies the socket's peer is the last of them; each of them adds the address of its own
 * peer to the end of X-Forwarded-For. So the header is read from its end, and only as far as trusted proxies wrote it: whatever
 * stands before the first address that is not one of theirs, its sender may have made up.
 */

const MAPPED = /^::ffff:([\da-f]{1,4}):([\da-f]{1,4})$/;

/** `::ffff:c000:201` is `192.0.2.1`, on a socket for both families. */
const unmapped = (address: string): string => {
  const [, high = '', low = ''] = MAPPED.exec(address) ?? [];
  if (high === '') return address;
  const bits = (parseInt(high, 16) << 16) | parseInt(low, 16);
  return [24, 16, 8, 0].map((shift) => (bits >>> shift) & 255).join('.');
};

/** The one spelling of an IP address; undefined for what is none. */
export const plainAddress = (text: string): string | undefined => {
  const [address = ''] = text.split('%');
  const version = isIP(address);
  if (version === 4) return address;
  // The WHATWG parser writes the shortest form, in lower case.
  return version === 6 ? unmapped(new URL(`http://[${address}]`).hostname.slice(1, -1)) : undefined;
};

/** As proxies write it: `192.0.2.1`, `192.0.2.1:4711`, `2001:db8::1`, `[2001:db8::1]:4711`. */
const hopAddress = (text: string): string | undefined => {
  const hop = text.trim();
  const [, bracketed, plain] = /^(?:\[([^\]]*)\](?::\d+)?|([\d.]+):\d+)$/.exec(hop) ?? [];
  return plainAddress(bracketed ?? plain ?? hop);
};

interface Network {
  readonly address: string;
  readonly prefix: number;
  readonly family: 'ipv4' | 'ipv6';
}

/** `10.0.0.0/8`, or one address; undefined for what is neither. */
export const parseNetwork = (text: string): Network | undefined => {
  const [, base = '', length] = /^([^/]+)(?:\/(\d{1,3}))?$/.exec(text) ?? [];
  const address = plainAddress(base);
  if (address === undefined) return undefined;
  const bits = isIP(address) === 4 ? 32 : 128;
  const prefix = length === undefined ? bits : Number(length);
  return prefix > bits ? undefined : { address, prefix, family: bits === 32 ? 'ipv4' : 'ipv6' };
};

/** @param trustedProxies networks as `parseNetwork` reads them */
export const createIsTrusted = (trustedProxies: readonly string[]): ((address: string) => boolean) => {
  const trusted = new BlockList();
  for (const network of trustedProxies.map(parseNetwork)) {
    if (network) trusted.addSubnet(network.address, network.prefix, network.family);
  }
  return (address) => trusted.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4');
};

/**
 * @param trustedProxies networks as `parseNetwork` reads them
 * @returns the address that a request comes from: its peer, or behind trusted proxies the right-most address in X-Forwarded-For
 *   that is not theirs; the one before an entry that is no address, since nothing is known beyond
 */
export const createSourceAddress = (
  trustedProxies: readonly string[],
): ((peer: string, forwardedFor: string) => string) => {
  const isTrusted = createIsTrusted(trustedProxies);

  return (peer, forwardedFor) => {
    let source = plainAddress(peer) ?? peer;
    const hops = forwardedFor === '' ? [] : forwardedFor.split(',');
    while (hops.length > 0 && isTrusted(source)) {
      const hop = hopAddress(hops.pop() ?? '');
      if (hop === undefined) break;
      source = hop;
    }
    return source;
  };
};

const leadingGroups = (address: string): readonly string[] => {
  const [head = '', tail] = address.split('::');
  const before = head === '' ? [] : head.split(':');
  const after = tail === undefined || tail === '' ? [] : tail.split(':');
  return [...before, ...Array<string>(8 - before.length - after.length).fill('0'), ...after].slice(0, 4);
};

/** What counts as one sender: an IPv4 address, or the /64 of an IPv6 address, of which anybody has at least one. */
export const networkOf = (address: string): string =>
  isIP(address) === 6 ? `${leadingGroups(address).join(':')}::/64` : address;
