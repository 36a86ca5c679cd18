import {
  NO_RUN_SECRETS,
  type JobEvent,
  type PlannedJob,
  type GrantEvent,
  type RunEvent,
} from '@cyborgbackup/contracts';
import type { Actor, RecordedEvent } from '@cyborgbackup/kernel';
import { foldEvents } from '@cyborgbackup/projections';
import { describe, expect, it } from 'vitest';
import { failed, lost, SNAPSHOT_DEFAULTS, succeeded } from '../testing/job-events.ts';
import type { JobRow } from '@cyborgbackup/read-models';
import { jobs } from './jobs.ts';

const uuidOf = (n: number): string => `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`;
const run = uuidOf(900);
const user = uuidOf(500);
const [check, backup, catalog] = [uuidOf(1), uuidOf(2), uuidOf(3)];

const planned = (n: number, job: Partial<PlannedJob>): PlannedJob => ({
  id: n,
  uuid: uuidOf(n),
  name: `Job ${n}`,
  job_type: 'job',
  launch_type: 'manual',
  client: { id: 7, uuid: uuidOf(70), hostname: 'web', port: 22, bandwidth_limit: null },
  needs: [],
  archive_name: null,
  master_job: null,
  ...job,
});

const requested: RunEvent = {
  type: 'run-requested',
  data: {
    uuid: run,
    policy: {
      id: 4,
      uuid: uuidOf(40),
      name: 'etc',
      policy_type: 'config',
      keep_hourly: null,
      keep_daily: 7,
      keep_weekly: null,
      keep_monthly: null,
      keep_yearly: null,
      vmprovider: '',
      mode_pull: false,
      ...SNAPSHOT_DEFAULTS,
    },
    repository: { id: 5, uuid: uuidOf(50), name: 'main', path: '/srv/main' },
    schedule: { id: 6, name: 'nightly' },
    due_at: null,
    ...NO_RUN_SECRETS,
    jobs: [
      planned(1, { job_type: 'check', check: 'client', launch_type: 'dependency' }),
      planned(2, { needs: [check], archive_name: 'config-web-2026-01-02_03-04' }),
      planned(3, { job_type: 'catalog', needs: [backup], master_job: backup }),
    ],
  },
};

const at = (second: number): string => `2026-01-02T03:04:${String(second).padStart(2, '0')}.000000Z`;

/** The nth event happens at second n; the first is a user's. */
const history = (...events: (RunEvent | GrantEvent | JobEvent)[]): RecordedEvent[] =>
  events.map((event, index) => {
    const actor: Actor = index === 0 ? { kind: 'user', id: user } : { kind: 'system', id: 'executor' };
    return {
      ...event,
      id: uuidOf(index),
      schemaVersion: 1,
      stream: 'test',
      version: index + 1,
      position: BigInt(index + 1),
      hash: '',
      metadata: { actor, correlationId: 'c', causationId: 'c', occurredAt: at(index) },
    };
  });

const rowAfter = (job: string, ...events: (GrantEvent | JobEvent)[]): JobRow =>
  foldEvents<JobRow>(jobs, history(requested, ...events)).find(({ uuid }) => uuid === job)!;

const granted = (job: string): GrantEvent => ({
  type: 'job-granted',
  data: { job, run, repository: null, client: null },
});

const started = (attempt: number): JobEvent => ({
  type: 'job-started',
  data: { job: backup, run, attempt, executor: `e${attempt}` },
});

const backedUp = succeeded(backup, {
  warnings: ['file changed'],
  archive: {
    name: 'config-web-2026-01-02_03-04-2',
    borg_id: 'ab',
    started_at: at(1),
    finished_at: at(2),
    duration: 1,
    files: 3,
    original_size: 2 ** 40,
    compressed_size: 20,
    deduplicated_size: 10,
  },
});

describe('scheduler.jobs', () => {
  it('shows the jobs of a run as they were planned', () => {
    expect(rowAfter(backup)).toEqual({
      uuid: backup,
      id: 2,
      run,
      name: 'Job 2',
      job_type: 'job',
      task: null,
      launch_type: 'manual',
      preparation: null,
      restore: null,
      status: 'waiting',
      failed: false,
      policy: 4,
      policy_uuid: uuidOf(40),
      policy_name: 'etc',
      policy_type: 'config',
      client: 7,
      client_uuid: uuidOf(70),
      client_hostname: 'web',
      machine_id: null,
      machine_name: null,
      repository: 5,
      repository_uuid: uuidOf(50),
      repository_name: 'main',
      schedule: 6,
      schedule_name: 'nightly',
      due_at: null,
      needs: [check],
      master_job: null,
      master_job_uuid: null,
      dependent_jobs: 3,
      archive_name: 'config-web-2026-01-02_03-04',
      started: null,
      finished: null,
      attempt: 0,
      executor: '',
      cancel_requested: false,
      job_explanation: '',
      warnings: [],
      paused_until: null,
      result: null,
      original_size: 0,
      compressed_size: 0,
      deduplicated_size: 0,
      files: 0,
      created: at(0),
      modified: at(0),
      created_by: user,
      modified_by: user,
      correlation_id: 'c',
      revision: 1,
    });
    expect(rowAfter(check)).toMatchObject({ status: 'pending', dependent_jobs: 2 });
    expect(rowAfter(catalog)).toMatchObject({ master_job: 2, master_job_uuid: backup, dependent_jobs: null });
  });

  it.each<[string, (GrantEvent | JobEvent)[], Partial<JobRow>]>([
    [
      'pending once its predecessors have succeeded',
      [{ type: 'job-ready', data: { job: backup } }],
      { status: 'pending', modified: at(1), modified_by: user, revision: 2 },
    ],
    [
      'pending when it is granted at once, and not changed by a later grant',
      [granted(backup), granted(backup)],
      { status: 'pending', modified: at(1), modified_by: user, revision: 2 },
    ],
    ['running', [started(1)], { status: 'running', started: at(1), attempt: 1, executor: 'e1', finished: null }],
    [
      'pending again after a lost attempt',
      [started(1), lost(backup, 'executor gone')],
      { status: 'pending', started: at(1), job_explanation: 'executor gone', paused_until: null },
    ],
    [
      'pending in its pause, and until when',
      [started(1), lost(backup, 'host off', { until: at(9), grant: 1 })],
      { status: 'pending', job_explanation: 'host off', paused_until: at(9) },
    ],
    [
      'pending after its pause',
      [
        started(1),
        lost(backup, 'host off', { until: at(9), grant: 1 }),
        { type: 'job-pause-ended', data: { job: backup, attempt: 1 } },
      ],
      { status: 'pending', job_explanation: 'host off', paused_until: null },
    ],
    [
      'canceled in its pause',
      [
        started(1),
        lost(backup, 'host off', { until: at(9), grant: 1 }),
        { type: 'job-canceled', data: { job: backup, attempt: 1, reason: 'by hand' } },
      ],
      { status: 'canceled', paused_until: null },
    ],
    [
      'started when the first attempt was',
      [started(1), lost(backup, 'executor gone'), started(2)],
      { status: 'running', started: at(1), attempt: 2, executor: 'e2', job_explanation: '' },
    ],
    [
      'asked to end',
      [started(1), { type: 'job-cancel-requested', data: { job: backup } }],
      { status: 'running', cancel_requested: true },
    ],
    [
      'successful, with what its archive turned out to be',
      [started(1), backedUp],
      {
        status: 'successful',
        failed: false,
        finished: at(2),
        warnings: ['file changed'],
        archive_name: 'config-web-2026-01-02_03-04-2',
        files: 3,
        original_size: 2 ** 40,
        compressed_size: 20,
        deduplicated_size: 10,
      },
    ],
    [
      'failed, and why',
      [started(1), failed(backup, 'no key', { status: 'error' })],
      { status: 'error', failed: true, finished: at(2), job_explanation: 'no key' },
    ],
    [
      'canceled, without ever having been started',
      [{ type: 'job-canceled', data: { job: backup, attempt: 0, reason: 'by hand' } }],
      { status: 'canceled', failed: true, started: null, finished: at(1), job_explanation: 'by hand' },
    ],
  ])('shows a job that is %s', (_name, events, expected) => {
    expect(rowAfter(backup, ...events)).toMatchObject(expected);
  });

  it('shows the jobs of machines that a job found', () => {
    const { uuid, policy, repository, schedule, due_at } = requested.data;
    const machine = { id: '100', name: 'web' };
    const [first, second] = [uuidOf(11), uuidOf(12)];
    const extended: RunEvent = {
      type: 'run-extended',
      data: {
        ...{ uuid, policy, repository, schedule, due_at },
        found_by: check,
        requested_by: user,
        jobs: [
          planned(11, { needs: [check], machine }),
          planned(12, { job_type: 'catalog', needs: [first], master_job: first, machine }),
        ],
      },
    };
    const rows = foldEvents<JobRow>(jobs, history(requested, extended));
    const row = (uuid: string): JobRow => rows.find((each) => each.uuid === uuid)!;
    expect(row(check)).toMatchObject({ task: 'client', dependent_jobs: 11, revision: 2 });
    const common = { policy: 4, repository: 5, schedule: 6, machine_id: '100', created_by: user, run };
    expect(row(first)).toMatchObject({ ...common, status: 'pending', dependent_jobs: 12, created: at(1) });
    expect(row(second)).toMatchObject({ ...common, status: 'waiting', master_job: 11, dependent_jobs: null });
  });

  it('shows what a restore was asked for, to the byte', () => {
    const restore: PlannedJob['restore'] = {
      ...{ item: '', items: ['etc/\udcff'], patterns: [], dest_folder: '/srv/x', destination: 'client' },
      ...{ replace: 'never', verify: 'sizes', numeric_ids: false, dry_run: true, database: false, allow_unsafe: true },
    };
    const asked: RunEvent = {
      type: 'run-requested',
      data: { ...requested.data, policy: null, jobs: [planned(1, { job_type: 'restore', restore }), planned(2, {})] },
    };
    const rows = foldEvents<JobRow>(jobs, history(asked));
    expect(JSON.parse(rows[0]?.restore ?? '')).toEqual(restore);
    expect(rows[1]?.restore).toBeNull();
    expect(rows[0]?.restore).toContain(String.raw`etc/\udcff`);
  });

  it('shows what a job did beside its archive', () => {
    const restored = { files: 2, bytes: 9, replaced: 1, skipped: 0, kept_both: 0, verified: 2, mismatches: [] };
    expect(rowAfter(backup, started(1), succeeded(backup, { restored, pruned: ['old'] }))).toMatchObject({
      result: { files: null, restored, check: null, drill: null, pruned: ['old'], machines: [] },
    });
    expect(rowAfter(backup, started(1), backedUp)).toMatchObject({ result: { files: 3, restored: null } });
  });
});
