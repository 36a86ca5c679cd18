import { fold } from '@cyborgbackup/kernel';
import { expect, it } from 'vitest';
import { archiveDecider, type ArchiveEvent } from './decider.ts';

const job = '0b9c3f0e-8f6a-4a53-9f55-2f1b9f3c1a01';
const repository = '0b9c3f0e-8f6a-4a53-9f55-2f1b9f3c1a02';
const removal = { job, reason: 'pruned' };
const removed: ArchiveEvent = { type: 'archive-removed', data: removal };
const drift = { job, repository, archive: 'a', borg_id: 'b' };
const vanished: ArchiveEvent = { type: 'archive-vanished', data: drift };
const reappeared: ArchiveEvent = { type: 'archive-reappeared', data: drift };
const findings = { job, archive_healthy: false, broken_paths: ['etc/hosts'], checked_at: '2026-01-01T00:00:00Z' };
const checked: ArchiveEvent = { type: 'archive-checked', data: findings };

it.each<[string, ArchiveEvent[], ArchiveEvent, ArchiveEvent[]]>([
  ['removes an archive', [], removed, [removed]],
  ['does not remove an archive twice', [removed], removed, []],
  ['records that an archive has vanished', [], vanished, [vanished]],
  ['does not record that a removed archive has vanished', [removed], vanished, []],
  ['does not remove an archive that has vanished', [vanished], removed, []],
  ['records a check of an archive', [], checked, [checked]],
  ['records a second check of an archive', [checked], checked, [checked]],
  ['does not record a check of an archive that has vanished', [checked, vanished], checked, []],
  ['records that a vanished archive has reappeared', [vanished], reappeared, [reappeared]],
  ['records that a removed archive has reappeared', [removed], reappeared, [reappeared]],
  ['does not record a reappearance of an archive that is there', [vanished, reappeared], reappeared, []],
  ['records that an archive has vanished after it had reappeared', [vanished, reappeared], vanished, [vanished]],
])('%s', (_name, history, event, expected) => {
  expect(archiveDecider.decide({ type: 'record', event }, fold(archiveDecider, history))).toEqual(expected);
});
