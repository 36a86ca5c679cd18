import { AppError } from '@cyborgbackup/kernel';
import { sign, verify, type KeyObject } from 'node:crypto';
import { createCallerSeal, createServiceSeals, type CallSeal } from './sealed-calls.ts';
import {
  randomServiceSecret,
  serviceIdentity,
  servicePublicKey,
  type ServiceIdentity,
  type ServicePublicKey,
} from './service-identity.ts';

/** The services that a process may be; the first part of their calls' subjects. */
export const SERVICE_NAMES = ['gateway', 'inventory', 'scheduler', 'executor', 'catalog'] as const;
export type ServiceName = (typeof SERVICE_NAMES)[number];

/** By what a process knows, and proves, who speaks on the bus. */
export interface CallTrust {
  /** Only in the process that may say which user acts: the gateway's. */
  readonly signActor?: (text: string) => string;
  /** Whether it was the gateway that signed the text. */
  isSignedByGateway(text: string, signature: string): boolean;
  /** By which a call to the service is sealed; undefined: in clear, for a service whose key is not known. */
  sealFor(service: string): CallSeal | undefined;
  /** By which a call to us was sealed. @throws AppError `forbidden` when we have no key that opens it */
  sealOf(callerKey: string): CallSeal;
}

/** Trusts nobody to speak for a user, and seals nothing. */
export const NO_TRUST: CallTrust = {
  isSignedByGateway: () => false,
  sealFor: () => undefined,
  sealOf: () => {
    throw new AppError(
      'forbidden',
      'A message is sealed, and this process has no CYBORGBACKUP_SERVICE_SECRET to open it.',
    );
  },
};

const createTrust = (
  identity: ServiceIdentity,
  gateway: KeyObject,
  sealingKeys: ReadonlyMap<string, KeyObject>,
): CallTrust => {
  const sealOf = createServiceSeals(identity.openingKey);
  const callers = new Map([...sealingKeys].map(([service, key]) => [service, createCallerSeal(key)]));
  const own = servicePublicKey(identity.publicKey);
  const isGateway = own !== undefined && own.verifyingKey.equals(gateway);
  return {
    ...(isGateway
      ? { signActor: (text: string) => sign(null, Buffer.from(text), identity.signingKey).toString('base64url') }
      : {}),
    isSignedByGateway: (text, signature) =>
      verify(null, Buffer.from(text), gateway, Buffer.from(signature, 'base64url')),
    sealFor: (service) => callers.get(service)?.(),
    sealOf,
  };
};

/**
 * The public halves of all services: `gateway=…,inventory=…` and so on, made by `npm run keys`. The same for all of them, and no
 * secret.
 * @throws AppError `validation` when one is missing or damaged
 */
const parseDirectory = (text: string): ReadonlyMap<ServiceName, ServicePublicKey> => {
  const entries = new Map(text.split(',').map((entry) => entry.trim().split('=', 2) as [string, string | undefined]));
  return new Map(
    SERVICE_NAMES.map((name) => {
      const key = servicePublicKey(entries.get(name) ?? '');
      if (key) return [name, key];
      const advice = 'make the keys of all services with "npm run keys".';
      throw new AppError('validation', `CYBORGBACKUP_SERVICE_KEYS has no usable key of the ${name}: ${advice}`);
    }),
  );
};

/** The other way round. */
export const formatDirectory = (publicKeys: Readonly<Record<ServiceName, string>>): string =>
  SERVICE_NAMES.map((name) => `${name}=${publicKeys[name]}`).join(',');

/** The trust of one service among others. @throws AppError `validation` when secret or directory are not what they should be */
export const createServiceTrust = (secret: string, directory: string): CallTrust => {
  const keys = parseDirectory(directory);
  const gateway = keys.get('gateway');
  if (!gateway) throw new Error('parseDirectory lets no directory without a gateway pass');
  const sealingKeys = new Map([...keys].map(([name, { sealingKey }]) => [name, sealingKey]));
  return createTrust(serviceIdentity(secret), gateway.verifyingKey, sealingKeys);
};

/**
 * The trust of a process that is all services, with keys that never leave its memory.
 * @param options.isSealed whether it seals its calls to itself, as it should where others use the same NATS server
 */
export const createOwnTrust = ({ isSealed }: { readonly isSealed: boolean }): CallTrust => {
  const identity = serviceIdentity(randomServiceSecret());
  const own = servicePublicKey(identity.publicKey);
  if (!own) throw new Error('An identity of ours has no public half');
  const sealingKeys = new Map(isSealed ? SERVICE_NAMES.map((name) => [name, own.sealingKey]) : []);
  return createTrust(identity, own.verifyingKey, sealingKeys);
};
