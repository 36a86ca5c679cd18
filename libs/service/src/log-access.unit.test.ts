import { eventDefinitions } from '@cyborgbackup/contracts';
import { claimEvents, namePattern } from '@cyborgbackup/event-store';
import { SERVICE_NAMES } from '@cyborgbackup/kernel';
import { globSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { holdsMasterKey, LOG_ACCESS } from './log-access.ts';

const UUID = '0b9c3f0e-8f6a-4a53-9f55-2f1b9f3c1a11';
const root = new URL('../../../', import.meta.url);
const read = (path: string): string => readFileSync(new URL(path, root), 'utf8');

/** As PostgreSQL does it. */
const isLike = (name: string, pattern: string): boolean =>
  new RegExp(`^${pattern.replaceAll('_', '.').replaceAll('%', '.*')}$`, 's').test(name);

const writersOf = (stream: string): string[] =>
  LOG_ACCESS.filter(({ streams, userStreams }) =>
    [...streams, ...userStreams].some((form) => isLike(stream, namePattern(form))),
  ).map(({ service }) => service);

test('each service is in the list once', () => {
  expect(LOG_ACCESS.map(({ service }) => service)).toEqual(SERVICE_NAMES);
});

test.each([
  [`job-${UUID}`, ['scheduler', 'executor']],
  [`job-output-${UUID}`, ['executor']],
  ['job-grants', ['scheduler']],
  [`user-${UUID}`, ['inventory']],
  [`user-password-resets-${UUID}`, ['inventory']],
  [`repository-${UUID}`, ['inventory']],
  ['host-key-2001:db8::1:22', ['inventory', 'executor']],
  [`catalog-${UUID}`, ['catalog']],
  [`claim-email-${'0f'.repeat(32)}`, ['inventory']],
  [`job-${UUID}\njob-grants`, []],
  ['unheard-of', []],
])('the writers of %j are %j', (stream, writers) => {
  expect(writersOf(stream)).toEqual(writers);
});

/** The forms of streams in the table of docs/architecture.md, without what comes after them. */
const documented = [
  ...read('docs/architecture.md')
    .split('## Who owns which stream')[1]!
    .split('\n## ')[0]!
    .matchAll(/^\| (`.*?) +\| ([^|]+?) +\|/gm),
].flatMap(([, names = '', writers = '']) =>
  [...names.matchAll(/`([^`]+)`/g)].map(([, name = '']) => ({ name, writers })),
);
const beginning = (form: string): string => form.replace(/[<…].*$/, '');

test('the list and docs/architecture.md name the same streams, with the same writers', () => {
  const forms = LOG_ACCESS.flatMap(({ service, streams, userStreams }) =>
    [...streams, ...userStreams].map((form) => ({ beginning: beginning(form), service })),
  );
  for (const { name, writers } of documented.filter(({ name }) => !name.startsWith('claim-'))) {
    const services = forms.filter((form) => form.beginning === beginning(name)).map(({ service }) => service);
    expect(services, name).not.toEqual([]);
    for (const service of services) expect(writers, name).toContain(service);
  }
  const names = new Set(documented.map(({ name }) => beginning(name)));
  const unnamed = forms.filter((form) => !form.beginning.startsWith('claim-') && !names.has(form.beginning));
  expect(unnamed.map((form) => form.beginning)).toEqual(['session-failures-unknown']);
});

test('the list has the streams that the sources of contracts and services make, and no others', () => {
  const made = globSync('{libs/contracts,services/*}/src/**/*.ts', { cwd: root.pathname })
    .filter((file) => !/\.test\.ts$|\/(testing|e2e)\//.test(file))
    .flatMap((file) => [...read(file).matchAll(/Stream = \([^)]*\): string =>\s+`([^`$]+)\$\{|_STREAM = '([^']+)'/g)])
    .map(([, prefix, whole]) => prefix ?? whole);
  const listed = LOG_ACCESS.flatMap(({ streams, userStreams }) => [...streams, ...userStreams]).map(beginning);
  const others = ['session-failures-unknown', 'claim-email-', 'claim-client-address-', 'claim-run-', 'claim-archive-'];
  expect([...new Set(made)].sort()).toEqual([...new Set(listed)].filter((form) => !others.includes(form)).sort());
});

test('every type of events has a writer, and only job-failed, job-canceled, pins and claims have two', () => {
  const written = LOG_ACCESS.flatMap(({ types }) => types);
  expect([...new Set(written)].sort()).toEqual([...eventDefinitions, ...claimEvents].map(({ type }) => type).sort());
  expect(written.filter((type, index) => written.indexOf(type) < index).sort()).toEqual([
    ...['claim-released', 'claim-taken', 'host-key-pinned', 'job-canceled', 'job-failed'],
  ]);
});

test('the executor and the catalog need no master key', () => {
  expect(SERVICE_NAMES.filter((service) => !holdsMasterKey(service))).toEqual(['executor', 'catalog']);
});
