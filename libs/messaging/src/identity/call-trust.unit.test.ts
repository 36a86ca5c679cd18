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
  createServiceTrust(secrets[name], directory);

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
    expect(() => createServiceTrust(secrets.gateway, directory.replace(/scheduler=[^,]+/, ''))).toThrow(/scheduler/);
    expect(() => createServiceTrust(secrets.gateway, `${directory}x`)).toThrow(/CYBORGBACKUP_SERVICE_KEYS.*catalog/);
  });
});

describe('the signature of who acts', () => {
  it('can be made by the gateway alone, and verified by all', () => {
    const signature = trustOf('gateway').signActor?.('text') ?? '';
    for (const name of SERVICE_NAMES) {
      expect(trustOf(name).isSignedByGateway('text', signature)).toBe(true);
      expect(trustOf(name).isSignedByGateway('texT', signature)).toBe(false);
      expect(trustOf(name).isSignedByGateway('text', '')).toBe(false);
      if (name !== 'gateway') expect(trustOf(name).signActor).toBeUndefined();
    }
    expect(createOwnTrust({ isSealed: false }).isSignedByGateway('text', signature)).toBe(false);
    expect(NO_TRUST.isSignedByGateway('text', signature)).toBe(false);
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
