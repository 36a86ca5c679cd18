import { sign, verify } from 'node:crypto';
import type { ParsedKey } from 'ssh2';
import { parseKey } from '../ssh/key.ts';
import { ownEntry } from '../parse/fields.ts';
import { readWire, wireMpint, wireString } from '../ssh/wire.ts';

/** The digest of each signature algorithm (ed25519 has its own built in), and the bytes of a coordinate of ECDSA curves. */
const ALGORITHMS: Readonly<Record<string, { readonly digest: string | null; readonly width?: number }>> = {
  'ssh-ed25519': { digest: null },
  'ecdsa-sha2-nistp256': { digest: 'sha256', width: 32 },
  'ecdsa-sha2-nistp384': { digest: 'sha384', width: 48 },
  'ecdsa-sha2-nistp521': { digest: 'sha512', width: 66 },
  'rsa-sha2-256': { digest: 'sha256' },
  'rsa-sha2-512': { digest: 'sha512' },
  'ssh-rsa': { digest: 'sha1' },
};

const RSA_SHA2_256 = 2;
const RSA_SHA2_512 = 4;

/** What a key signs with, given the flags of an agent's sign request. */
const algorithmFor = (keyType: string, flags: number): string => {
  if (keyType !== 'ssh-rsa') return keyType;
  if (flags & RSA_SHA2_512) return 'rsa-sha2-512';
  return flags & RSA_SHA2_256 ? 'rsa-sha2-256' : 'ssh-rsa';
};

/** A signature blob as SSH carries it. @throws when the key type is not supported */
export const signBlob = (key: ParsedKey, data: Buffer, flags: number): Buffer => {
  const name = algorithmFor(key.type, flags);
  const algorithm = ALGORITHMS[name];
  if (!algorithm) throw new Error(`Cannot sign with a ${key.type} key`);
  const signature = sign(algorithm.digest, data, { key: key.getPrivatePEM(), dsaEncoding: 'ieee-p1363' });
  const half = signature.length / 2;
  const value = algorithm.width
    ? Buffer.concat([wireMpint(signature.subarray(0, half)), wireMpint(signature.subarray(half))])
    : signature;
  return Buffer.concat([wireString(name), wireString(value)]);
};

const fixedWidth = (mpint: Buffer, width: number): Buffer => {
  const bare = mpint.subarray(Math.max(0, mpint.length - width));
  return Buffer.concat([Buffer.alloc(width - bare.length), bare]);
};

/** True when `blob` is a signature of `data` by the public key. Malformed input is simply not a signature. */
export const verifyBlob = (publicKey: Buffer, data: Buffer, blob: Buffer): boolean => {
  const parsed = parseKey(publicKey);
  if (parsed instanceof Error) return false;
  try {
    const reader = readWire(blob);
    const algorithm = ownEntry(ALGORITHMS, reader.text());
    if (!algorithm) return false;
    let value = reader.string();
    if (algorithm.width) {
      const point = readWire(value);
      value = Buffer.concat([fixedWidth(point.string(), algorithm.width), fixedWidth(point.string(), algorithm.width)]);
    }
    return verify(algorithm.digest, data, { key: parsed.getPublicPEM(), dsaEncoding: 'ieee-p1363' }, value);
  } catch {
    return false;
  }
};
