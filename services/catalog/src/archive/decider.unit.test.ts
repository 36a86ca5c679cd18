import { fold } from '@cyborgbackup/kernel';
import { expect, test } from 'vitest';
import { archiveDecider, type ArchiveCommand, type ArchiveEvent } from './decider.ts';

const job = '0b9c3f0e-8f6a-4a53-9f55-2f1b9f3c1a01';
const repository = '0b9c3f0e-8f6a-4a53-9f55-2f1b9f3c1a02';
const forget: ArchiveCommand = { do: 'forget', job, reason: 'pruned' };
const forgotten: ArchiveEvent = { type: 'archive-removed', data: { job, reason: 'pruned' } };
const miss: ArchiveCommand = { do: 'miss', job, repository, archive: 'a', borg_id: 'b' };
const vanished: ArchiveEvent = { type: 'archive-vanished', data: { job, repository, archive: 'a', borg_id: 'b' } };
const find: ArchiveCommand = { do: 'find', job, repository, archive: 'a', borg_id: 'b' };
const found: ArchiveEvent = { type: 'archive-reappeared', data: { job, repository, archive: 'a', borg_id: 'b' } };
const findings = { job, archive_healthy: false, broken_paths: ['etc/hosts'], checked_at: '2026-01-01T00:00:00Z' };
const check: ArchiveCommand = { do: 'check', ...findings };
const checked: ArchiveEvent = { type: 'archive-checked', data: findings };

test.each<[string, ArchiveEvent[], ArchiveCommand, ArchiveEvent[]]>([
  ['an archive is forgotten', [], forget, [forgotten]],
  ['forgetting again changes nothing', [forgotten], forget, []],
  ['an archive vanishes', [], miss, [vanished]],
  ['one that was forgotten does not', [forgotten], miss, []],
  ['one that has vanished is not forgotten', [vanished], forget, []],
  ['an archive is checked', [], check, [checked]],
  ['and once more', [checked], check, [checked]],
  ['but not when it is gone', [checked, vanished], check, []],
  ['one that has vanished is found again', [vanished], find, [found]],
  ['one that was forgotten too', [forgotten], find, [found]],
  ['one that is there is not', [vanished, found], find, []],
  ['and can vanish once more', [vanished, found], miss, [vanished]],
])('%s', (_name, history, command, expected) => {
  expect(archiveDecider.decide(command, fold(archiveDecider, history))).toEqual(expected);
});
