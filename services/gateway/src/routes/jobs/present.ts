import { isActiveStatus } from '@cyborgbackup/read-models';
import { pick, presentCommon, urlOf } from '../../http/representation.ts';
import { shortIsoOrNull } from '../../read/timestamps.ts';
import type { JobRow } from './query.ts';
import { restoreShown } from './schema.ts';

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
export const presentJob = (row: JobRow, now: number): object => ({
  ...presentCommon(row, {
    type: 'job',
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
  ...pick(row, ['name', 'launch_type', 'status', 'policy', 'failed']),
  started: shortIsoOrNull(row.started),
  finished: shortIsoOrNull(row.finished),
  elapsed: elapsedSeconds(row, now),
  // Command lines and environments hold secrets, and nothing that the output does not tell better.
  job_args: '',
  ...pick(row, ['original_size', 'compressed_size', 'deduplicated_size', 'archive_name']),
  job_cwd: '',
  job_env: '',
  job_explanation: [row.job_explanation, ...row.warnings].filter(Boolean).join('\n'),
  ...pick(row, ['client', 'repository', 'master_job', 'dependent_jobs']),
  result_traceback: '',
  event_processing_finished: !isActive(row),
  ...pick(row, ['job_type', 'attempt', 'executor', 'warnings', 'result', 'task']),
  machine: row.machine_id === null ? null : { id: row.machine_id, name: row.machine_name ?? '' },
  due_at: shortIsoOrNull(row.due_at),
  restore: row.restore === null ? null : restoreShown.parse(JSON.parse(row.restore)),
});
