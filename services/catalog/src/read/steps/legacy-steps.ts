import { catalogBatchRecorded, catalogCompleted, nameStart, type RecordedEntry } from '@cyborgbackup/contracts';
import type { ProjectionStep, StepTarget } from '@cyborgbackup/projections';
import { replaceBroken, settleSeries, showArchive } from './complete-listing.ts';
import { findSeries } from './find-series.ts';
import { insertEntries, type NumberedEntry } from './insert-entries.ts';
import { insertPendingBroken } from './mark-broken.ts';
import { insertSeries, openListing } from './start-listing.ts';
import { typed } from './typed-step.ts';

/*
 * Listings as they were recorded at first: each archive is a series of its own, named by its job, with one listing. Entries
 * keep the ids that were drawn for them: an entry's number is its id, counted from the first batch's.
 */

const SEQUENCE = 1;

const setIdBase = async ({ client, schema }: StepTarget, job: string, idBase: number): Promise<void> => {
  await client.query(`update ${schema}.archives set id_base = $2 where job_uuid = $1`, [job, idBase]);
};

const idBaseOf = async ({ client, schema }: StepTarget, job: string): Promise<number> => {
  const { rows } = await client.query<{ id_base: string | null }>(
    `select id_base from ${schema}.archives where job_uuid = $1`,
    [job],
  );
  return Number(rows[0]?.id_base ?? 0);
};

const beginSeries = async (target: StepTarget, job: string, firstId: number): Promise<number> => {
  const series = await insertSeries(target, job);
  await openListing(target, series, { attempt: job, sequence: SEQUENCE });
  await setIdBase(target, job, firstId);
  return series;
};

/** Times that cannot be read stand at the beginning of time. */
const microsOf = (iso: string): number => {
  const [, seconds = '', fraction = ''] = /^(.{19})(?:\.(\d{1,6}))?/.exec(iso) ?? [];
  const millis = Date.parse(`${seconds}Z`);
  return Number.isNaN(millis) ? 0 : millis * 1_000 + Number(fraction.padEnd(6, '0'));
};

const numbered = (recordedEntry: RecordedEntry, number: number): NumberedEntry => {
  const entry = { ...recordedEntry, mtime: microsOf(recordedEntry.mtime) };
  const start = nameStart(entry.path);
  return { number, folder: entry.path.slice(0, start), name: entry.path.slice(start), entry };
};

const recorded: ProjectionStep = typed(catalogBatchRecorded, async (target, { data: { job, first_id, entries } }) => {
  const series = (await findSeries(target, job))?.id ?? (await beginSeries(target, job, first_id));
  const first = first_id - (await idBaseOf(target, job));
  const listed = entries.map((entry, at) => numbered(entry, first + at));
  await insertEntries(target, { series, sequence: SEQUENCE, previousEntries: 0 }, listed);
  const broken = entries.flatMap(({ healthy }, at) => (healthy ? [] : [first + at]));
  if (broken.length > 0) await insertPendingBroken(target, series, broken);
});

const completed: ProjectionStep = typed(catalogCompleted, async (target, { data: { job, entries } }) => {
  const series = (await findSeries(target, job))?.id ?? (await beginSeries(target, job, 0));
  const idBase = await idBaseOf(target, job);
  const facts = { series, job, sequence: SEQUENCE, next: 0, idBase, entries };
  await settleSeries(target, facts);
  await showArchive(target, facts);
  await replaceBroken(target, facts);
});

export const legacySteps = {
  [catalogBatchRecorded.type]: recorded,
  [catalogCompleted.type]: completed,
};
