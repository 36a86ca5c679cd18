import { AppError, SERVICE_NAMES, type ServiceName } from '@cyborgbackup/kernel';
import { sign, verify, type KeyObject } from 'node:crypto';
import { createCallerSeal, createServiceSeals, type CallerSeal, type ServiceSeal } from './sealed-calls.ts';
import {
  randomServiceSecret,
  serviceIdentity,
  servicePublicKey,
  type ServiceIdentity,
  type ServicePublicKey,
} from './service-identity.ts';

/** Who says so, and the proof. */
export interface Signature {
  readonly signer: ServiceName;
  /** Ed25519, base64url. */
  readonly value: string;
}

/** By what a process knows, and proves, who speaks on the bus. */
export interface CallTrust {
  /** Which service this process is; undefined for one without an identity. One that is all services is the gateway as well. */
  readonly name?: ServiceName;
  /** Undefined for a process without an identity. */
  readonly sign?: (text: string) => Signature;
  /** Whether a call without a signature is refused. Otherwise only one that names a user is. */
  readonly demandsSignature: boolean;
  /** Whether it was that service that signed the text. */
  isSignedBy(signer: string, text: string, signature: string): boolean;
  mayCall(signer: string, subject: string): boolean;
  /** By which a call to the service is sealed; undefined: in clear, for a service whose key is not known. */
  sealFor(service: string): CallerSeal | undefined;
  /**
   * By which a call to us was sealed.
   * @throws AppError `forbidden` when we have no key that opens it, or no service has signed the caller's
   */
  sealOf(callerKey: string, proof: string): ServiceSeal;
}

/** Trusts nobody to speak for a user, and seals nothing. */
export const NO_TRUST: CallTrust = {
  demandsSignature: false,
  isSignedBy: () => false,
  mayCall: () => true,
  sealFor: () => undefined,
  sealOf: () => {
    throw new AppError(
      'forbidden',
      'A message is sealed, and this process has no CYBORGBACKUP_SERVICE_SECRET to open it.',
    );
  },
};

interface TrustOptions {
  readonly identity: ServiceIdentity;
  readonly name: ServiceName;
  readonly demandsSignature: boolean;
  readonly sealingKeys: ReadonlyMap<string, KeyObject>;
  /** The services that this process is. */
  readonly served: readonly ServiceName[];
  keyOf(signer: string): KeyObject | undefined;
  mayCall(signer: string, subject: string): boolean;
}

const createTrust = ({
  identity,
  name,
  demandsSignature,
  sealingKeys,
  served,
  keyOf,
  mayCall,
}: TrustOptions): CallTrust => {
  const signText = (text: string): Signature => ({
    signer: name,
    value: sign(null, Buffer.from(text), identity.signingKey).toString('base64url'),
  });
  const isSignedBy: CallTrust['isSignedBy'] = (signer, text, signature) => {
    const key = keyOf(signer);
    return key !== undefined && verify(null, Buffer.from(text), key, Buffer.from(signature, 'base64url'));
  };
  const callers = new Map(
    [...sealingKeys].map(([service, key]) => [service, createCallerSeal(service, key, signText)]),
  );
  return {
    name,
    sign: signText,
    demandsSignature,
    isSignedBy,
    mayCall,
    sealFor: (service) => callers.get(service)?.(),
    sealOf: createServiceSeals(identity.openingKey, (signer, text, signature) =>
      served.some((service) => isSignedBy(signer, text(service), signature)),
    ),
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

/** Which services may call a subject. */
type CallersOf = (subject: string) => readonly ServiceName[];

/**
 * The trust of one service among others.
 * @throws AppError `validation` when secret or directory are not what they should be, or do not belong together
 */
export const createServiceTrust = (secret: string, directory: string, callersOf: CallersOf): CallTrust => {
  const keys = parseDirectory(directory);
  const identity = serviceIdentity(secret);
  const own = servicePublicKey(identity.publicKey);
  const name = SERVICE_NAMES.find((each) => own && keys.get(each)?.verifyingKey.equals(own.verifyingKey));
  if (!name) {
    const problem = 'CYBORGBACKUP_SERVICE_SECRET belongs to none of the services in CYBORGBACKUP_SERVICE_KEYS';
    throw new AppError('validation', `${problem}: give this service its own of "npm run keys".`);
  }
  return createTrust({
    ...{ identity, name, demandsSignature: true },
    sealingKeys: new Map([...keys].map(([service, { sealingKey }]) => [service, sealingKey])),
    served: [name],
    keyOf: (signer) => keys.get(SERVICE_NAMES.find((service) => service === signer) ?? name)?.verifyingKey,
    mayCall: (signer, subject) => callersOf(subject).some((service) => service === signer),
  });
};

interface OwnTrustOptions {
  /** Whether others may use the same NATS server: then its calls to itself are sealed, and others' refused. */
  readonly isShared: boolean;
  /** Processes with the same one are the same to each other. Default: one that never leaves the memory. */
  readonly secret?: string | undefined;
}

/** The trust of a process that is all services. */
export const createOwnTrust = ({ isShared, secret = randomServiceSecret() }: OwnTrustOptions): CallTrust => {
  const identity = serviceIdentity(secret);
  const own = servicePublicKey(identity.publicKey);
  if (!own) throw new Error('An identity of ours has no public half');
  return createTrust({
    ...{ identity, name: 'gateway', demandsSignature: isShared },
    sealingKeys: new Map(isShared ? SERVICE_NAMES.map((service) => [service, own.sealingKey]) : []),
    served: SERVICE_NAMES,
    keyOf: () => own.verifyingKey,
    mayCall: () => true,
  });
};
