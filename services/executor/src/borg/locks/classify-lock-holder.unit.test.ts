import { expect, it } from 'vitest';
import { lockOwnerName, type LockOwner } from '../../endpoints/job-processes.ts';
import { classifyLockHolder, type LockHolderLookup } from './classify-lock-holder.ts';
import { parseLockName, parseRoster, type LockHolder } from './lock-holders.ts';

const HOUR = 3_600_000;
const SERVED = { host: 'nas.example', pid: 77, file: 'x', at: 10.5 * HOUR };
const ATTEMPT = { begun: 10 * HOUR, ended: 11 * HOUR };
const facts = (more: Partial<LockHolderLookup>): LockHolderLookup => ({
  holder: SERVED,
  isOwnCache: false,
  isServed: true,
  hostNames: ['nas', 'nas.example'],
  process: undefined,
  jobStatus: 'ended',
  job: 'mine',
  attempts: [],
  ...more,
});
const owned = (owner: LockOwner, host = 'nas'): { readonly holder: LockHolder } => ({
  holder: { owner, host, pid: 77, file: 'x', at: 10.5 * HOUR },
});
const ofJob = (job: string, host?: string) => owned({ kind: 'job', job }, host);
const ofDownload = (host?: string) => owned({ kind: 'download' }, host);
const borg = (job?: string): Pick<LockHolderLookup, 'process'> => ({
  process: { command: '/usr/bin/python3 /usr/bin/borg create', job },
});
const OTHER_PROGRAM = { process: { command: 'cron', job: undefined } };
const RUNNING = { jobStatus: 'running' } as const;
const UNKNOWN = { jobStatus: 'unknown' } as const;
const IN_A_CACHE = { isServed: false };
const IN_OUR_CACHE = { isServed: false, isOwnCache: true };

it.each<[string, Partial<LockHolderLookup>, string]>([
  ['of a job that is over, dead', ofJob('other'), 'gone'],
  ['of a job that is over, dead, in a client’s cache', { ...ofJob('other'), ...IN_A_CACHE }, 'gone'],
  ['of a job that is over, its id given to another program', { ...ofJob('other'), ...OTHER_PROGRAM }, 'gone'],
  ['of a job that is over, its id given to the borg of a job', { ...ofJob('other'), ...borg('third') }, 'gone'],
  ['of a job that is over, its id given to a borg that is not ours', { ...ofJob('other'), ...borg() }, 'foreign'],
  ['of a job that is over, alive', { ...ofJob('other'), ...borg('other') }, 'leftover'],
  ['of a job at work, alive', { ...ofJob('other'), ...borg('other'), ...RUNNING }, 'busy'],
  ['of a job at work, dead', { ...ofJob('other'), ...RUNNING }, 'busy'],
  ['of a job at work, on another host', { ...ofJob('other', 'old'), ...RUNNING, ...IN_OUR_CACHE }, 'busy'],
  ['of an earlier attempt, dead', { ...ofJob('mine'), ...RUNNING }, 'gone'],
  ['of an earlier attempt, dead, in a client’s cache', { ...ofJob('mine'), ...RUNNING, ...IN_A_CACHE }, 'gone'],
  ['of an earlier attempt, alive', { ...ofJob('mine'), ...borg('mine'), ...RUNNING }, 'leftover'],
  ['of an earlier attempt in a container', { ...ofJob('mine', 'old'), ...RUNNING, ...IN_OUR_CACHE }, 'gone'],
  ['of a job that is over in a container', { ...ofJob('other', 'old'), ...IN_OUR_CACHE }, 'gone'],
  ['of a job that is over, on another host', ofJob('other', 'old'), 'foreign'],
  ['of a job that is over, on another host, in its cache', { ...ofJob('other', 'old'), ...IN_A_CACHE }, 'foreign'],
  ['of an earlier attempt, on another host', { ...ofJob('mine', 'old'), ...RUNNING }, 'foreign'],
  ['of a job that the log does not know, dead', { ...ofJob('other'), ...UNKNOWN }, 'foreign'],
  ['of a job that the log does not know, alive', { ...ofJob('other'), ...borg('other'), ...UNKNOWN }, 'foreign'],

  ['of a download, alive', { ...ofDownload(), ...borg() }, 'busy'],
  ['of a download, dead', ofDownload(), 'gone'],
  ['of a download, its id given to another program', { ...ofDownload(), ...OTHER_PROGRAM }, 'gone'],
  ['of a download, its id given to the borg of a job', { ...ofDownload(), ...borg('other') }, 'gone'],
  ['of a download on another host', { ...ofDownload('old'), ...IN_OUR_CACHE }, 'foreign'],

  ['unnamed, on another host', { hostNames: ['other'], attempts: [ATTEMPT] }, 'foreign'],
  ['unnamed, not ours, alive', { ...borg(), attempts: [ATTEMPT] }, 'foreign'],
  ['unnamed, of a job at work, alive', { ...borg('other'), ...RUNNING }, 'busy'],
  ['unnamed, of a job that is over or pauses, alive', borg('other'), 'leftover'],
  ['unnamed, of an earlier attempt, alive', { ...borg('mine'), ...RUNNING }, 'leftover'],
  ['unnamed, of a job that the log does not know, alive', { ...borg('other'), ...UNKNOWN }, 'foreign'],
  ['unnamed, dead, while no attempt ran', UNKNOWN, 'foreign'],
  ['unnamed, dead, taken while an attempt of ours ran', { ...UNKNOWN, attempts: [ATTEMPT] }, 'gone'],
  ['unnamed, its id given to another program', { ...OTHER_PROGRAM, ...UNKNOWN, attempts: [ATTEMPT] }, 'gone'],
  ['unnamed, dead, in a repository of this host', { isServed: false, attempts: [ATTEMPT] }, 'foreign'],
  ['unnamed, dead, in our cache', { ...IN_OUR_CACHE, attempts: [ATTEMPT] }, 'foreign'],
  ['unnamed, dead, taken before it', { attempts: [{ ...ATTEMPT, begun: 10.6 * HOUR }] }, 'foreign'],
  ['unnamed, dead, taken after it', { attempts: [{ ...ATTEMPT, ended: 10.4 * HOUR }] }, 'foreign'],
  ['unnamed, dead, of an unknown time', { holder: { host: 'nas', pid: 5 }, attempts: [ATTEMPT] }, 'foreign'],
])('classifies the holder of a lock: %s', (_name, more, kind) => {
  expect(classifyLockHolder(facts(more)).kind).toBe(kind);
});

it('reads the holders of locks as borg writes them', () => {
  expect(parseLockName('nas.example@2485377892355.4711-0')).toEqual({
    host: 'nas.example',
    pid: 4711,
    file: 'nas.example@2485377892355.4711-0',
  });
  expect(parseLockName('a.b@1.2-3@9.12-7f')).toMatchObject({ host: 'a.b@1.2-3', pid: 12 });
  expect(parseLockName('own-id.12-0')).toMatchObject({ host: 'own-id', pid: 12 });
  expect(parseLockName('nonsense')).toBeUndefined();
  const text = '{"shared": [["nas@1", 5, 0]], "exclusive": [["web@2", 6, 140]]}';
  expect(parseRoster(text)).toEqual([
    { host: 'nas', pid: 5 },
    { host: 'web', pid: 6 },
  ]);
  expect(parseRoster('{')).toEqual([]);
});

it('reads for whom a borg of ours holds a lock, and on which host', () => {
  const job = '7e2f7a0c-1111-4222-8333-444455556666';
  const name = `${lockOwnerName({ job })}@nas.example@9.12-0`;
  expect(parseLockName(name)).toEqual({ owner: { kind: 'job', job }, host: 'nas.example@9', pid: 12, file: name });
  const roster = JSON.stringify({ shared: [[`${lockOwnerName({})}@nas`, 5, 0]] });
  expect(parseRoster(roster)).toEqual([{ owner: { kind: 'download' }, host: 'nas', pid: 5 }]);
  expect(parseLockName(`cyborgbackup-job-${job}.12-0`)).not.toHaveProperty('owner');
  expect(parseLockName('cyborgbackup-job-x@nas.12-0')).not.toHaveProperty('owner');
});
