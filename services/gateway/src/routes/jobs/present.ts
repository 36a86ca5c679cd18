import { isActiveStatus } from '@cyborgbackup/read-models';
import { linksOf, represent, urlOf } from '../../http/core/representation.ts';
import { shortIsoOrNull } from '../../db/timestamps.ts';
import type { JobRow } from '../../lists/sources/jobs.ts';
import { jobSchema, restoreSchema } from './schema.ts';

/** True for a job that may still run, or runs. */
export const isActive = ({ status }: Pick<JobRow, 'status'>): boolean => isActiveStatus(status);

/** Seconds with three decimals; 0 before the start, counting on until the end. */
export const elapsedSeconds = ({ started, finished }: Pick<JobRow, 'started' | 'finished'>, now: number): number => {
  if (started === null) return 0;
  const end = finished === null ? now : Date.parse(finished);
  return Math.max(0, (end - Date.parse(started)) / 1_000);
};

const summary = (id: number | null, fields: Readonly<Record<string, unknown>>): object | null =>
  id === null ? null : { id, ...fields };

/** @param now milliseconds since the epoch */
export const presentJob = (row: JobRow, now: number): object =>
  represent(jobSchema, {
    ...row,
    ...linksOf(row, {
      collection: 'jobs',
      related: {
        job_events: urlOf('jobs', row.id, 'job_events'),
        policy: row.policy !== null && row.has_policy ? urlOf('policies', row.policy) : null,
        stdout: urlOf('jobs', row.id, 'stdout'),
        start: urlOf('jobs', row.id, 'start'),
        cancel: urlOf('jobs', row.id, 'cancel'),
        relaunch: urlOf('jobs', row.id, 'relaunch'),
      },
      summaries: {
        policy: summary(row.policy, { name: row.policy_name, policy_type: row.policy_type }),
        client: summary(row.client, { hostname: row.client_hostname }),
        repository: summary(row.repository, { name: row.repository_name }),
        schedule: summary(row.schedule, { name: row.schedule_name }),
      },
    }),
    started: shortIsoOrNull(row.started),
    finished: shortIsoOrNull(row.finished),
    elapsed: elapsedSeconds(row, now),
    // Command lines and environments hold secrets; what else they tell is in the output.
    job_args: '',
    job_cwd: '',
    job_env: '',
    job_explanation: [row.job_explanation, ...row.warnings].filter(Boolean).join('\n'),
    result_traceback: '',
    event_processing_finished: !isActive(row),
    machine: row.machine_id === null ? null : { id: row.machine_id, name: row.machine_name ?? '' },
    due_at: shortIsoOrNull(row.due_at),
    restore: row.restore === null ? null : restoreSchema.parse(JSON.parse(row.restore)),
  });
