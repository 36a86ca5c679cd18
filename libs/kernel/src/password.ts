import { randomBytes, scrypt, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';

/*
 * Passwords are kept as scrypt hashes in the PHC string format:
 *
 *   $scrypt$ln=15,r=8,p=1$<salt>$<hash>      (base64 without padding; N = 2^ln)
 *
 * With these costs one guess takes 32 MiB and some 60 ms. The string carries its costs, so they can be raised without
 * invalidating what is stored.
 */

interface Cost {
  readonly ln: number;
  readonly r: number;
  readonly p: number;
}

const COST: Cost = { ln: 15, r: 8, p: 1 };
const SALT_BYTES = 16;
const HASH_BYTES = 32;

/** What a stored string may ask for at most, so that a forged one cannot take the process's memory. */
const MAX_COST: Cost = { ln: 17, r: 16, p: 4 };

const PHC = /^\$scrypt\$ln=(\d{1,2}),r=(\d{1,2}),p=(\d)\$([A-Za-z0-9+/]{11,86})\$([A-Za-z0-9+/]{22,86})$/;

const derive = promisify<string, Buffer, number, object, Buffer>(scrypt);

/** One password typed on two keyboards can arrive as different code points. */
const keyOf = (password: string, salt: Buffer, { ln, r, p }: Cost, bytes: number): Promise<Buffer> => {
  const options = { N: 2 ** ln, r, p, maxmem: 2 * 128 * 2 ** ln * r };
  return derive(password.normalize('NFKC'), salt, bytes, options);
};

const unpadded = (bytes: Buffer): string => bytes.toString('base64').replace(/=+$/, '');

/** Hashes a password with a fresh salt, off the event loop. */
export const hashPassword = async (password: string): Promise<string> => {
  const salt = randomBytes(SALT_BYTES);
  const hash = await keyOf(password, salt, COST, HASH_BYTES);
  return `$scrypt$ln=${COST.ln},r=${COST.r},p=${COST.p}$${unpadded(salt)}$${unpadded(hash)}`;
};

interface Parsed {
  readonly cost: Cost;
  readonly salt: Buffer;
  readonly hash: Buffer;
}

const isAffordable = ({ ln, r, p }: Cost): boolean =>
  ln >= 1 && ln <= MAX_COST.ln && r >= 1 && r <= MAX_COST.r && p >= 1 && p <= MAX_COST.p;

const parse = (text: string): Parsed | undefined => {
  const [, ln, r, p, salt = '', hash = ''] = PHC.exec(text) ?? [];
  const cost = { ln: Number(ln), r: Number(r), p: Number(p) };
  if (!isAffordable(cost)) return undefined;
  return { cost, salt: Buffer.from(salt, 'base64'), hash: Buffer.from(hash, 'base64') };
};

/** True when the password has this hash; false also for a text that is no hash. Takes the same time for any password. */
export const verifyPassword = async (password: string, hash: string): Promise<boolean> => {
  const parsed = parse(hash);
  if (!parsed) return false;
  return timingSafeEqual(await keyOf(password, parsed.salt, parsed.cost, parsed.hash.length), parsed.hash);
};
