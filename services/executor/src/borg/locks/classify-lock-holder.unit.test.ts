import { expect, it } from 'vitest';
import type { RecordedAttempt } from './recorded-attempts.ts';
import { classifyLockHolder, type LockHolderLookup } from './classify-lock-holder.ts';
import { parseLockName, parseRoster } from './lock-holders.ts';

const HOUR = 3_600_000;
const attempt = (more: Partial<RecordedAttempt>): RecordedAttempt => ({
  job: 'j',
  run: 'r',
  pid: 77,
  host: 'repository',
  begun: 10 * HOUR,
  ended: 11 * HOUR,
  ...more,
});
const facts = (more: Partial<LockHolderLookup>): LockHolderLookup => ({
  holder: { host: 'nas.example', pid: 77, file: 'x', at: 10.5 * HOUR },
  isOwnCache: false,
  hostNames: ['nas', 'nas.example'],
  process: undefined,
  isJobRunning: true,
  job: 'mine',
  attempts: [],
  ...more,
});
const borg = (job?: string): LockHolderLookup['process'] => ({ command: '/usr/bin/python3 /usr/bin/borg serve', job });

it.each<[string, Partial<LockHolderLookup>, string]>([
  ['a process of another host', { hostNames: ['other'], attempts: [attempt({})] }, 'foreign'],
  ['a borg that is not ours', { process: borg(), attempts: [attempt({})] }, 'foreign'],
  ['a borg of a job at work', { process: borg('other') }, 'busy'],
  ['a borg of a job that is over or pauses', { process: borg('other'), isJobRunning: false }, 'leftover'],
  ['a borg of an earlier attempt of ours', { process: borg('mine') }, 'leftover'],
  ['a dead process that nobody knows', {}, 'foreign'],
  ['a dead process of a lost attempt beside the repository', { attempts: [attempt({})] }, 'gone'],
  [
    'the same with its id given to another program',
    { process: { command: 'cron', job: undefined }, attempts: [attempt({})] },
    'gone',
  ],
  ['a dead process of an attempt that is at work', { attempts: [attempt({ ended: null })] }, 'foreign'],
  ['a lock taken while a push backup of ours was at work', { attempts: [attempt({ host: 'client', pid: 5 })] }, 'gone'],
  ['a lock taken while the executor’s borg was at work', { attempts: [attempt({ host: 'executor', pid: 5 })] }, 'gone'],
  [
    'a cache’s lock of a container that is gone',
    { isOwnCache: true, hostNames: ['other'], attempts: [attempt({ host: 'executor' })] },
    'gone',
  ],
  [
    'a cache’s lock of a container whose job is at work',
    { isOwnCache: true, hostNames: ['other'], attempts: [attempt({ host: 'executor', ended: null })] },
    'foreign',
  ],
  [
    'a cache’s lock of another time than the process of that id',
    { isOwnCache: true, hostNames: ['other'], attempts: [attempt({ host: 'executor', begun: 10.6 * HOUR })] },
    'foreign',
  ],
  ['a lock taken before it', { attempts: [attempt({ host: 'client', pid: 77, begun: 10.6 * HOUR })] }, 'foreign'],
  ['a lock taken after it', { attempts: [attempt({ host: 'client', pid: 77, ended: 10.4 * HOUR })] }, 'foreign'],
  [
    'a lock of an unknown time',
    { holder: { host: 'nas', pid: 5 }, attempts: [attempt({ host: 'client' })] },
    'foreign',
  ],
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
