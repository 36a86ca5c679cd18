import { SERVICE_NAMES, type ServiceName } from '@cyborgbackup/kernel';
import * as contracts from '@cyborgbackup/contracts';
import { describe, expect, it } from 'vitest';
import { callersOf as callers, prepareAccess, serviceAccess, standaloneAccess } from './service-access.ts';

const OWN = /^_(INBOX|STREAM)\.[a-z]+\.>$/;
const ACKNOWLEDGEMENTS = '$JS.ACK.JOBS.executors.>';

const wildcards = (subjects: readonly string[]): readonly string[] =>
  subjects.filter((subject) => /[*>]/.test(subject) && !OWN.test(subject) && subject !== ACKNOWLEDGEMENTS);

describe('what services may do at the NATS server', () => {
  it('has no wildcard but inboxes, streams of bytes and acknowledgements', () => {
    for (const access of [...SERVICE_NAMES.map(serviceAccess), prepareAccess, standaloneAccess()]) {
      expect(wildcards([...access.publish, ...access.subscribe])).toEqual([]);
    }
  });

  it('gives an inbox to its owner alone, and lets those publish into one whom its owner calls', () => {
    const inboxes: Readonly<Record<ServiceName, readonly ServiceName[]>> = {
      gateway: [],
      inventory: ['executor', 'gateway', 'scheduler'],
      scheduler: ['gateway'],
      executor: ['executor', 'scheduler'],
      catalog: ['executor'],
    };
    for (const name of SERVICE_NAMES) {
      const { publish, subscribe } = serviceAccess(name);
      expect(subscribe.filter((subject) => subject.startsWith('_INBOX'))).toEqual([`_INBOX.${name}.>`]);
      expect(publish.filter((subject) => subject.startsWith('_INBOX')).sort()).toEqual(
        inboxes[name].map((caller) => `_INBOX.${caller}.>`),
      );
    }
  });

  it('has every call served by the service that its subject names, and called by one service at least', () => {
    for (const service of SERVICE_NAMES) {
      const served = serviceAccess(service).subscribe.filter((subject) => subject.split('.').length >= 3);
      for (const subject of served.filter((one) => !one.startsWith('_'))) {
        expect(subject).toMatch(new RegExp(`^${service}\\.`));
        expect(callers(subject), subject).not.toEqual([]);
      }
    }
  });

  it('leaves what users do to the gateway, what jobs report to executors, and the queue to the scheduler', () => {
    for (const subject of ['inventory.user.register', 'inventory.settings.change', 'inventory.api-token.create']) {
      expect(callers(subject)).toEqual(['gateway']);
    }
    expect(callers('scheduler.policy.launch')).toEqual(['gateway']);
    expect(callers('executor.archive.content')).toEqual(['gateway']);
    expect(callers('inventory.repository.escrow-key')).toEqual(['executor']);
    expect(callers('inventory.secret.read-for-job')).toEqual(['executor']);
    expect(callers('inventory.secret.read-for-content')).toEqual(['executor']);
    expect(callers('inventory.secret.record-content-read')).toEqual(['gateway']);
    expect(callers('inventory.policy.resolve')).toEqual(['scheduler']);
    expect(callers('catalog.listing.complete')).toEqual(['executor']);
    expect(callers('jobs.work')).toEqual(['scheduler']);
  });

  it('lets no service make or change a stream, which could copy the messages of others', () => {
    for (const name of SERVICE_NAMES) {
      expect(
        serviceAccess(name).publish.filter((subject) => /\$JS\.API\..*(CREATE|UPDATE|DELETE|PURGE)/.test(subject)),
      ).toEqual([]);
    }
  });

  it('covers every call and stream that the contracts define', () => {
    const isContract = (value: unknown): value is { readonly subject: string } =>
      typeof value === 'object' &&
      value !== null &&
      'subject' in value &&
      typeof value.subject === 'string' &&
      'input' in value;
    const defined = Object.values(contracts)
      .flatMap((value: unknown): readonly unknown[] =>
        typeof value === 'object' && value !== null ? [value, ...Object.values<unknown>({ ...value })] : [],
      )
      .filter(isContract);
    expect(defined.length).toBeGreaterThan(50);
    const served = SERVICE_NAMES.flatMap((name) => serviceAccess(name).subscribe);
    for (const { subject } of defined) {
      expect(served, subject).toContain(subject);
      expect(callers(subject), subject).not.toEqual([]);
    }
  });
});
