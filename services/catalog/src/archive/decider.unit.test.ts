import { fold } from '@cyborgbackup/kernel';
import { expect, it } from 'vitest';
import { archiveDecider, type ArchiveCommand, type ArchiveEvent } from './decider.ts';

const job = '0b9c3f0e-8f6a-4a53-9f55-2f1b9f3c1a01';
const repository = '0b9c3f0e-8f6a-4a53-9f55-2f1b9f3c1a02';
const removal = { job, reason: 'pruned' };
const remove: ArchiveCommand = { type: 'remove', data: removal };
const removed: ArchiveEvent = { type: 'archive-removed', data: removal };
const drift = { job, repository, archive: 'a', borg_id: 'b' };
const vanish: ArchiveCommand = { type: 'record-vanished', data: drift };
const vanished: ArchiveEvent = { type: 'archive-vanished', data: drift };
const reappear: ArchiveCommand = { type: 'record-reappeared', data: drift };
const reappeared: ArchiveEvent = { type: 'archive-reappeared', data: drift };
const findings = { job, archive_healthy: false, broken_paths: ['etc/hosts'], checked_at: '2026-01-01T00:00:00Z' };
const check: ArchiveCommand = { type: 'record-check', data: findings };
const checked: ArchiveEvent = { type: 'archive-checked', data: findings };

it.each<[string, ArchiveEvent[], ArchiveCommand, ArchiveEvent[]]>([
  ['removes an archive', [], remove, [removed]],
  ['does not remove an archive twice', [removed], remove, []],
  ['records that an archive has vanished', [], vanish, [vanished]],
  ['does not record that a removed archive has vanished', [removed], vanish, []],
  ['does not remove an archive that has vanished', [vanished], remove, []],
  ['records a check of an archive', [], check, [checked]],
  ['records a second check of an archive', [checked], check, [checked]],
  ['does not record a check of an archive that has vanished', [checked, vanished], check, []],
  ['records that a vanished archive has reappeared', [vanished], reappear, [reappeared]],
  ['records that a removed archive has reappeared', [removed], reappear, [reappeared]],
  ['does not record a reappearance of an archive that is there', [vanished, reappeared], reappear, []],
  ['records that an archive has vanished after it had reappeared', [vanished, reappeared], vanish, [vanished]],
])('%s', (_name, history, command, expected) => {
  expect(archiveDecider.decide(command, fold(archiveDecider, history))).toEqual(expected);
});
