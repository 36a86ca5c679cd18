import { delay } from '@cyborgbackup/kernel';
import { z } from 'zod';
import type { ApiClient } from './api-client.ts';
import type { Terminal } from './terminal.ts';

export const jobSchema = z.object({
  id: z.number(),
  name: z.string(),
  job_type: z.string(),
  status: z.string(),
  archive_name: z.string().nullable(),
  job_explanation: z.string(),
  original_size: z.number(),
  compressed_size: z.number(),
  deduplicated_size: z.number(),
});
export type Job = z.output<typeof jobSchema>;

const events = z.object({ results: z.array(z.object({ counter: z.number(), stdout: z.string() })) });

export const ENDED = new Set(['successful', 'failed', 'error', 'canceled']);
const POLL_MILLIS = 250;

/** Shows what a job says until it ends. @throws Error with the job's explanation unless it succeeds */
export const watchJob = async (api: ApiClient, id: number, terminal: Terminal): Promise<Job> => {
  let seen = 0;
  for (;;) {
    const job = await api.get(`/api/v1/jobs/${id}/`, jobSchema);
    const path = `/api/v1/job_events/?job=${id}&counter__gt=${seen}&order=counter&page_size=200`;
    const { results } = await api.get(path, events);
    for (const { counter, stdout } of results) {
      terminal.live(`${job.name}: ${stdout.replaceAll('\n', ' ')}`);
      seen = counter;
    }
    if (ENDED.has(job.status)) {
      terminal.endLive();
      if (job.status !== 'successful') throw new Error(`${job.name} ${job.status}: ${job.job_explanation}`);
      return job;
    }
    if (seen === 0) terminal.live(`${job.name}: ${job.status}`);
    await delay(POLL_MILLIS);
  }
};

const list = z.object({ results: z.array(jobSchema) });

/** Waits for everything a launch started, in the order it was planned. Returns the backup. */
export const watchLaunch = async (api: ApiClient, backup: number, policy: number, terminal: Terminal): Promise<Job> => {
  const { results } = await api.get(`/api/v1/jobs/?policy=${policy}&order=-id&page_size=20`, list);
  const own = results.filter((job) => !ENDED.has(job.status) || job.id === backup).map((job) => job.id);
  const done = new Map<number, Job>();
  for (const id of own.sort((a, b) => a - b)) {
    const job = await watchJob(api, id, terminal);
    terminal.fact(`${job.name}: ${job.status}`);
    done.set(id, job);
  }
  return done.get(backup) ?? api.get(`/api/v1/jobs/${backup}/`, jobSchema);
};
