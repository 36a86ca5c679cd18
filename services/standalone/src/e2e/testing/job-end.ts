import { delay } from '@cyborgbackup/kernel';
import type { ApiClient } from '../../demo/api-client.ts';
import { ENDED, jobSchema, type Job } from '../../demo/watch-job.ts';

/** The job once it has ended; requests that fail while a service is away are made again. */
export const jobEnd = async (api: ApiClient, id: number, millis: number): Promise<Job> => {
  const deadline = Date.now() + millis;
  for (;;) {
    const job = await api.get(`/api/v1/jobs/${id}/`, jobSchema).catch(() => undefined);
    if (job && ENDED.has(job.status)) return job;
    if (Date.now() > deadline) throw new Error(`Job ${id} has not ended: ${job?.status ?? 'no answer'}`);
    await delay(100);
  }
};

/** Resolves once an executor has the job. @throws Error when it has ended already */
export const jobRuns = async (api: ApiClient, id: number): Promise<void> => {
  for (;;) {
    const { status } = await api.get(`/api/v1/jobs/${id}/`, jobSchema);
    if (status === 'running') return;
    if (ENDED.has(status)) throw new Error(`Too late: job ${id} is ${status}`);
    await delay(20);
  }
};
