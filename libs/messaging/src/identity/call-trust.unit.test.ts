import { SERVICE_NAMES, type ServiceName } from '@cyborgbackup/kernel';
import { describe, expect, it, vi } from 'vitest';
import { nkeys } from '@nats-io/transport-node';
import { createOwnTrust, createServiceTrust, formatDirectory, NO_TRUST } from './call-trust.ts';
import { callersOf } from '../access/service-access.ts';
import type { CallerSeal, ServiceSeal } from './sealed-calls.ts';
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

describe('the signature of a service', () => {
  it('can be made by that service alone, and is verified by all', () => {
    for (const signer of SERVICE_NAMES) {
      const signature = trustOf(signer).sign?.('text');
      expect(signature?.signer).toBe(signer);
      const { value = '' } = signature ?? {};
      for (const by of SERVICE_NAMES) expect(trustOf('inventory').isSignedBy(by, 'text', value)).toBe(by === signer);
      expect(trustOf('inventory').isSignedBy(signer, 'texT', value)).toBe(false);
      expect(createOwnTrust({ isShared: true }).isSignedBy(signer, 'text', value)).toBe(false);
      expect(NO_TRUST.isSignedBy(signer, 'text', value)).toBe(false);
    }
    expect(trustOf('inventory').isSignedBy('nobody', 'text', '')).toBe(false);
  });

  it('counts for the calls that the service may make', () => {
    const callers = SERVICE_NAMES.filter((name) => trustOf('inventory').mayCall(name, SUBJECT));
    expect(callers).toEqual(['gateway']);
    expect(trustOf('inventory').mayCall('scheduler', 'inventory.policy.resolve')).toBe(true);
    expect(trustOf('inventory').mayCall('nobody', 'inventory.policy.resolve')).toBe(false);
  });
});

describe('a sealed call', () => {
  const seals = (): { caller: CallerSeal; service: ServiceSeal } => {
    const caller = trustOf('gateway').sealFor('inventory')!;
    return { caller, service: trustOf('inventory').sealOf(caller.callerKey, caller.proof) };
  };

  it('opens at the service that it is for, and its answer at the caller, and nowhere else', () => {
    const { caller, service } = seals();
    expect(service.caller).toBe('gateway');
    const request = caller.sealRequest(SUBJECT, 'a passphrase');
    expect(Buffer.from(request).includes('passphrase')).toBe(false);
    expect(Buffer.from(service.openRequest(SUBJECT, request)).toString()).toBe('a passphrase');
    const answer = service.sealAnswer(request, 'done');
    expect(Buffer.from(caller.openAnswer(request, answer)).toString()).toBe('done');
    for (const name of SERVICE_NAMES.filter((other) => other !== 'inventory')) {
      expect(() => trustOf(name).sealOf(caller.callerKey, caller.proof)).toThrow(/no signature that fits/);
    }
    expect(() => seals().caller.openAnswer(request, answer)).toThrow(/cannot be opened/);
  });

  it('is believed of no key that its caller has not signed, and of none for ever', () => {
    const { caller } = seals();
    const other = trustOf('executor').sealFor('inventory')!;
    const { sealOf } = trustOf('inventory');
    expect(() => sealOf(caller.callerKey, other.proof)).toThrow(/no signature that fits/);
    expect(() => sealOf(other.callerKey, other.proof.replace('executor', 'gateway'))).toThrow(/no signature that fits/);
    expect(() => sealOf(caller.callerKey, '')).toThrow(/no signature that fits/);
    expect(() => sealOf('no key', caller.proof)).toThrow(/no signature that fits/);
    sealOf(caller.callerKey, caller.proof);
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 2 * 3_600_000 });
    expect(() => sealOf(caller.callerKey, caller.proof)).toThrow(/expired/);
    vi.useRealTimers();
  });

  it('is understood between processes with one secret, and by no other that is all services', () => {
    const secret = randomServiceSecret();
    const caller = createOwnTrust({ isShared: true, secret }).sealFor('catalog')!;
    const { sealOf } = createOwnTrust({ isShared: true, secret });
    const request = caller.sealRequest(SUBJECT, 'hello');
    const opened = sealOf(caller.callerKey, caller.proof).openRequest(SUBJECT, request);
    expect(Buffer.from(opened).toString()).toBe('hello');
    expect(() => createOwnTrust({ isShared: true }).sealOf(caller.callerKey, caller.proof)).toThrow(/no signature/);
  });

  it('opens with nothing else bound to it, for no other request, and not when a bit of it was changed', () => {
    const { caller, service } = seals();
    const request = caller.sealRequest(SUBJECT, 'a passphrase');
    expect(() => service.openRequest('inventory.repository.change', request)).toThrow(/cannot be opened/);
    expect(() => service.openRequest(SUBJECT, request.subarray(0, 20))).toThrow(/cannot be opened/);
    const changed = Uint8Array.from(request);
    changed[14]! ^= 1;
    expect(() => service.openRequest(SUBJECT, changed)).toThrow(/cannot be opened/);
    const second = caller.sealRequest(SUBJECT, 'a passphrase');
    expect(second).not.toEqual(request);
    expect(() => caller.openAnswer(second, service.sealAnswer(request, 'done'))).toThrow(/cannot be opened/);
  });

  it('is sealed by another key after an hour', () => {
    const trust = trustOf('gateway');
    const first = trust.sealFor('inventory')?.callerKey;
    expect(trust.sealFor('inventory')?.callerKey).toBe(first);
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 3_600_001 });
    expect(trust.sealFor('inventory')?.callerKey).not.toBe(first);
    vi.useRealTimers();
  });
});
