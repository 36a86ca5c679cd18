import type { CatalogEntry, CatalogEvent } from '@cyborgbackup/contracts';
import { fold } from '@cyborgbackup/kernel';
import { describe, expect, test } from 'vitest';
import { archiveDecider, type ArchiveCommand, type ArchiveState } from './decider.ts';

const job = '0b9c3f0e-8f6a-4a53-9f55-2f1b9f3c1a01';
const entry: CatalogEntry = {
  path: 'etc/hosts',
  mode: '-rw-r--r--',
  mtime: '2026-01-01T00:00:00Z',
  owner: 'root',
  group: 'root',
  uid: 0,
  gid: 0,
  type: '-',
  size: 12,
  target: '',
  healthy: true,
};
const add = (batch: number): ArchiveCommand => ({ do: 'add-batch', job, batch, firstId: 7, entries: [entry] });
const added = (batch: number): CatalogEvent => ({
  type: 'catalog-batch-recorded',
  data: { job, batch, first_id: 7, entries: [entry] },
});
const complete = (batches: number, entries: number): ArchiveCommand => ({ do: 'complete', job, batches, entries });
const completed: CatalogEvent = { type: 'catalog-completed', data: { job, entries: 1 } };
const forget: ArchiveCommand = { do: 'forget', job, reason: 'pruned' };
const forgotten: CatalogEvent = { type: 'archive-forgotten', data: { job, reason: 'pruned' } };

const given = (...events: CatalogEvent[]): ArchiveState => fold(archiveDecider, events);

describe('accepted', () => {
  test.each<[string, CatalogEvent[], ArchiveCommand, CatalogEvent[]]>([
    ['the first batch', [], add(1), [added(1)]],
    ['the next batch', [added(1)], add(2), [added(2)]],
    ['a batch sent again', [added(1), added(2)], add(1), []],
    ['a batch sent again after the end', [added(1), completed], add(1), []],
    ['the end', [added(1)], complete(1, 1), [completed]],
    ['the end of an empty archive', [], complete(0, 0), [{ type: 'catalog-completed', data: { job, entries: 0 } }]],
    ['the end sent again', [added(1), completed], complete(1, 1), []],
    ['forgetting', [added(1), completed], forget, [forgotten]],
    ['forgetting again', [added(1), forgotten], forget, []],
  ])('%s', (_name, history, command, expected) => {
    expect(archiveDecider.decide(command, given(...history))).toEqual(expected);
  });
});

describe('refused', () => {
  test.each<[string, CatalogEvent[], ArchiveCommand, RegExp]>([
    ['a batch that leaves a gap', [added(1)], add(3), /Batch 2 .* missing/],
    ['more after the end', [added(1), completed], add(2), /complete already/],
    ['an end that does not add up', [added(1)], complete(1, 5), /1 entries here and 5 there/],
    ['a batch for an archive that is gone', [forgotten], add(1), /gone/],
  ])('%s', (_name, history, command, message) => {
    expect(() => archiveDecider.decide(command, given(...history))).toThrow(message);
  });
});
