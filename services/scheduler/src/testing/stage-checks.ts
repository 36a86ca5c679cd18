import type { GrantEvent, JobEvent } from '@cyborgbackup/contracts';
import { compareProjection } from '@cyborgbackup/projections';
import { randomUUID } from 'node:crypto';
import { expect, vi } from 'vitest';
import { schedulerProjection } from '../tables/scheduler-projection.ts';
import { within, type Stage } from './scheduler-stage.ts';

/** What takes a grant from a job that has one. */
const isRelease = (event: JobEvent): boolean =>
  /^job-(succeeded|failed|canceled)$/.test(event.type) ||
  (event.type === 'job-attempt-lost' && event.data.pause !== null);

/** Replays the log: throws when two jobs ever had one repository or one client. Returns the grants. */
export const checkGrants = async (stage: Stage): Promise<readonly string[]> => {
  const held = new Map<string, readonly string[]>();
  const granted: string[] = [];
  for (const event of (await stage.log()) as (GrantEvent | JobEvent)[]) {
    const { type, data } = event;
    if (type !== 'job-granted') {
      if (type !== 'job-ready' && isRelease(event)) held.delete(event.data.job);
      continue;
    }
    expect(held.has(data.job), 'a job has one grant at a time').toBe(false);
    granted.push(data.job);
    held.set(
      data.job,
      [data.repository, data.client].filter((resource) => resource !== null),
    );
    const resources = [...held.values()].flat();
    expect(new Set(resources).size, 'one job on each repository and client').toBe(resources.length);
  }
  return granted;
};

/** The tables must be what the log alone gives. */
export const checkReplay = async ({ deps }: Stage): Promise<void> => {
  const head = await deps.store.head();
  await vi.waitFor(async () => {
    const comparison = await compareProjection({
      ...deps,
      projection: schedulerProjection,
      owner: randomUUID(),
      signal: new AbortController().signal,
    });
    expect(comparison.position).toBeGreaterThanOrEqual(head);
    expect(comparison).toMatchObject({ differences: [], parked: 0 });
  }, within);
};

/** Waits until the process with these deps leads. */
export const leaderIs = ({ deps }: Stage, instance: string): Promise<void> =>
  vi.waitFor(async () => {
    const { rows } = await deps.pool.query<{ owner: string }>(
      `select owner from projections.checkpoints where name = 'scheduler_leader'`,
    );
    expect(rows[0]?.owner).toBe(instance);
  }, within);
