import {
  archiveContentRead,
  archiveReadsStream,
  jobEvolver,
  jobStream,
  type RpcInput,
  type secretCommands,
} from '@cyborgbackup/contracts';
import { readSql } from '@cyborgbackup/database';
import { loadState } from '@cyborgbackup/event-store';
import { AppError } from '@cyborgbackup/kernel';
import { WAIT_MILLIS } from '@cyborgbackup/projections';
import type { JobRow } from '@cyborgbackup/read-models';
import type { InventoryDeps } from '../shared/inventory-deps.ts';

/*
 * Whether an executor's reading of secrets is due. It is the log that says so, in streams that no executor writes: what the
 * scheduler granted, and what a user asked for.
 */

type DueJob = Pick<JobRow, 'run' | 'job_type' | 'task' | 'restore'>;

const FIND_GRANTED = readSql(new URL('./find-granted.sql', import.meta.url));

const findGranted = async ({ pool }: InventoryDeps, job: string): Promise<DueJob | undefined> =>
  (await pool.query<DueJob>(FIND_GRANTED, [job])).rows[0];

/**
 * The job whose attempt runs on that executor.
 * @throws AppError `forbidden` when it is not granted, or does not run there; `unavailable` when the scheduler's tables, which may
 *   be behind an executor that was fast, do not come up to date
 */
export const findDueJob = async (
  deps: InventoryDeps,
  { job, attempt, executor }: RpcInput<typeof secretCommands.readForJob>,
): Promise<DueJob> => {
  const { state } = await loadState(deps, jobEvolver, jobStream(job));
  if (state.status !== 'running' || state.attempt !== attempt || state.executor !== executor) {
    const reason = `Attempt ${attempt} of the job ${job} does not run on the executor ${executor}`;
    throw new AppError('forbidden', `${reason}, so it is given no secrets.`);
  }
  const granted = await findGranted(deps, job);
  if (granted) return granted;
  await deps.waiter.waitForProjections(['scheduler'], 'head', WAIT_MILLIS.command);
  const grantedMeanwhile = await findGranted(deps, job);
  if (grantedMeanwhile) return grantedMeanwhile;
  throw new AppError('forbidden', `The job ${job} is not granted, so it is given no secrets.`);
};

/** How long after a user asked for content a reading of it may begin: it waits for jobs that write to the repository. */
const CONTENT_MILLIS = 15 * 60_000;

/** The repository that a user wants to read from. @throws AppError `forbidden` when nobody asked lately */
export const findDueContent = async (
  { store }: InventoryDeps,
  { job, read }: RpcInput<typeof secretCommands.readForContent>,
): Promise<string> => {
  for await (const { type, data, metadata } of store.readStream(archiveReadsStream(job), { from: read })) {
    const isRecent = Date.now() - Date.parse(metadata.occurredAt) < CONTENT_MILLIS;
    if (type === archiveContentRead.type && isRecent) return archiveContentRead.schema.parse(data).repository;
    break;
  }
  throw new AppError('forbidden', 'Nobody asked for this content in the last quarter of an hour: ask for it again.');
};
