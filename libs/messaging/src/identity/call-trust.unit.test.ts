import { describe, expect, it } from 'vitest';
import { nkeys } from '@nats-io/transport-node';
import {
  createOwnTrust,
  createServiceTrust,
  formatDirectory,
  NO_TRUST,
  SERVICE_NAMES,
  type ServiceName,
} from './call-trust.ts';
import { callersOf } from '../access/service-access.ts';
import { randomServiceSecret, serviceIdentity } from './service-identity.ts';

const secrets = Object.fromEntries(SERVICE_NAMES.map((name) => [name, randomServiceSecret()])) as Record<
  ServiceName,
  string
>;
const directory = formatDirectory(
  Object.fromEntries(SERVICE_NAMES.map((name) => [name, serviceIdentity(secrets[name]).publicKey])) as Record<
    ServiceName,
    string
  >,
);
const trustOf = (name: ServiceName): ReturnType<typeof createServiceTrust> =>
  createServiceTrust(secrets[name], directory, callersOf);

const SUBJECT = 'inventory.repository.register';

describe('the identity of a service', () => {
  it('follows from its secret, and has an nkey that NATS’s own library takes', () => {
    const { natsSeed, publicKey } = serviceIdentity(secrets.gateway);
    expect(serviceIdentity(secrets.gateway)).toMatchObject({ natsSeed, publicKey });
    expect(natsSeed).toMatch(/^SU[A-Z2-7]{56}$/);
    expect(nkeys.fromSeed(Buffer.from(natsSeed)).getPublicKey()).toMatch(/^U[A-Z2-7]{55}$/);
    expect(serviceIdentity(secrets.executor).natsSeed).not.toBe(natsSeed);
  });

  it('is refused with what to do when the secret or the directory is damaged', () => {
    expect(() => serviceIdentity('c2hvcnQ')).toThrow(/CYBORGBACKUP_SERVICE_SECRET.*npm run keys/);
    expect(() => serviceIdentity(`${secrets.gateway.slice(0, -1)}*`)).toThrow(/CYBORGBACKUP_SERVICE_SECRET/);
    expect(() => createServiceTrust(secrets.gateway, directory.replace(/scheduler=[^,]+/, ''), callersOf)).toThrow(
      /scheduler/,
    );
    expect(() => createServiceTrust(secrets.gateway, `${directory}x`, callersOf)).toThrow(
      /CYBORGBACKUP_SERVICE_KEYS.*catalog/,
    );
    expect(() => createServiceTrust(randomServiceSecret(), directory, callersOf)).toThrow(/belongs to none/);
  });
});

describe('the signature of a call', () => {
  it('can be made by each service for itself, and counts for the calls that it may make', () => {
    for (const signer of SERVICE_NAMES) {
      const signature = trustOf(signer).sign?.('text');
      expect(signature?.signer).toBe(signer);
      const isAccepted = (subject: string, text = 'text', by: string = signer): boolean =>
        trustOf('inventory').isSignedBy(by, subject, text, signature?.value ?? '');
      expect(isAccepted(SUBJECT)).toBe(signer === 'gateway');
      expect(isAccepted('inventory.policy.resolve')).toBe(signer === 'scheduler');
      expect(isAccepted('inventory.policy.resolve', 'texT')).toBe(false);
      for (const other of SERVICE_NAMES.filter((name) => name !== signer)) {
        expect(isAccepted('inventory.policy.resolve', 'text', other)).toBe(false);
        expect(isAccepted(SUBJECT, 'text', other)).toBe(false);
      }
    }
    expect(trustOf('inventory').isSignedBy('gateway', SUBJECT, 'text', '')).toBe(false);
  });

  it('is not believed of a process with other keys, and nobody’s is without any', () => {
    const { value = '' } = trustOf('gateway').sign?.('text') ?? {};
    expect(createOwnTrust({ isShared: true }).isSignedBy('gateway', SUBJECT, 'text', value)).toBe(false);
    expect(NO_TRUST.isSignedBy('gateway', SUBJECT, 'text', value)).toBe(false);
  });
});

describe('a sealed call', () => {
  it('opens at the service that it is for, and its answer at the caller, and nowhere else', () => {
    const caller = trustOf('gateway').sealFor('inventory')!;
    const sealed = caller.sealRequest(SUBJECT, 'a passphrase');
    expect(Buffer.from(sealed).includes('passphrase')).toBe(false);
    const service = trustOf('inventory').sealOf(caller.callerKey);
    expect(Buffer.from(service.openRequest(SUBJECT, sealed)).toString()).toBe('a passphrase');
    const answer = service.sealAnswer(SUBJECT, 'done');
    expect(Buffer.from(caller.openAnswer(SUBJECT, answer)).toString()).toBe('done');
    for (const name of SERVICE_NAMES.filter((other) => other !== 'inventory')) {
      expect(() => trustOf(name).sealOf(caller.callerKey).openRequest(SUBJECT, sealed)).toThrow(
        /sealed for another key/,
      );
      expect(() => trustOf(name).sealOf(caller.callerKey).openAnswer(SUBJECT, answer)).toThrow(
        /sealed for another key/,
      );
    }
  });

  it('opens for no other call, and not when a bit of it was changed', () => {
    const caller = trustOf('gateway').sealFor('inventory')!;
    const sealed = caller.sealRequest(SUBJECT, 'a passphrase');
    const service = trustOf('inventory').sealOf(caller.callerKey);
    expect(() => service.openRequest('inventory.repository.change', sealed)).toThrow(/cannot be opened/);
    expect(() => service.openRequest(SUBJECT, sealed.subarray(0, 20))).toThrow(/cannot be opened/);
    const changed = Uint8Array.from(sealed);
    changed[14]! ^= 1;
    expect(() => service.openRequest(SUBJECT, changed)).toThrow(/cannot be opened/);
    expect(() => trustOf('inventory').sealOf('no key')).toThrow(/by no key/);
  });

  it('is no other text twice, and is sealed by another key after an hour', async () => {
    const caller = trustOf('gateway').sealFor('inventory')!;
    expect(caller.sealRequest(SUBJECT, 'x')).not.toEqual(caller.sealRequest(SUBJECT, 'x'));
    const { createCallerSeal } = await import('./sealed-calls.ts');
    let now = 0;
    const { publicKey } = await import('node:crypto').then(({ generateKeyPairSync }) => generateKeyPairSync('x25519'));
    const sealAt = createCallerSeal(publicKey, () => now);
    const first = sealAt().callerKey;
    expect(sealAt().callerKey).toBe(first);
    now = 3_600_001;
    expect(sealAt().callerKey).not.toBe(first);
  });
});
