import { POLICY_DEFAULTS, REPOSITORY_DEFAULTS, SCHEDULE_DEFAULTS } from '@cyborgbackup/contracts';
import type { SubjectKeys } from '@cyborgbackup/event-store';
import { describe, expect, test } from 'vitest';
import { presentCatalog } from './catalogs/routes.ts';
import { clientSchema, presentClient } from './clients/routes.ts';
import { presentJob } from './jobs/present.ts';
import type { JobRow } from '../lists/sources/jobs.ts';
import { jobSchema } from './jobs/schema.ts';
import { jobEventSchema, presentJobEvent, shortened } from './job-events/present.ts';
import { presentPolicy } from './policies/present.ts';
import { policySchema } from './policies/schema.ts';
import { presentRepository } from './repositories/routes.ts';
import { presentSchedule, scheduleSchema } from './schedules/routes.ts';
import { presentUser } from './users/routes.ts';

const UUID = 'fa3462e3-57da-430e-bca5-3bc60d4ba5a2';
const NOW = Date.UTC(2018, 10, 23, 20);
const sealed = { $encrypted: { subject: 's', value: 'v' } };
const empty = { $encrypted: { subject: 's', value: '' } };
const common = {
  uuid: UUID,
  revision: 3,
  created: '2018-11-22T18:51:22.894984Z',
  modified: '2018-11-23T20:54:51.013495Z',
  created_by: null,
  modified_by: null,
  creator: null,
  modifier: null,
};
const commonAnswer = {
  related: {},
  summary_fields: {},
  created: '2018-11-22T18:51:22.894984Z',
  modified: '2018-11-23T20:54:51.013495Z',
  created_by: null,
  modified_by: null,
};

describe('representations', () => {
  test('presents a user as in the contract', () => {
    const fields = { first_name: '', last_name: '', email: 'cyborg@agent.local', is_superuser: true };
    const flags = {
      notify_backup_daily: false,
      notify_backup_weekly: false,
      notify_backup_monthly: false,
      notify_backup_success: false,
      notify_backup_failed: false,
      notify_backup_summary: false,
    };
    expect(
      presentUser({ id: 3, uuid: UUID, revision: 1, created: '2018-11-11T19:43:24.261706Z', ...fields, ...flags }),
    ).toEqual({
      id: 3,
      type: 'user',
      url: '/api/v1/users/3/',
      related: {},
      summary_fields: {},
      created: '2018-11-11T19:43:24.261706Z',
      ...fields,
      ...flags,
    });
  });

  test('presents a client as in the contract', () => {
    const fields = {
      hostname: 'lab.example.com',
      ip: '',
      version: '',
      ready: false,
      hypervisor_ready: false,
      hypervisor_name: '',
      enabled: true,
      port: 22,
      bandwidth_limit: null,
      mark_as_to_update: false,
      behind_firewall: false,
      host_key: 'ssh-ed25519 AAAA',
    };
    const client = presentClient({ id: 1, ...common, ...fields, policies: null });
    expect(client).toEqual({
      id: 1,
      type: 'client',
      url: '/api/v1/clients/1/',
      ...commonAnswer,
      ...fields,
      can_be_updated: false,
      uuid: UUID,
    });
    expect(clientSchema.strict().safeParse(client).error).toBeUndefined();
  });

  test('presents a schedule as in the contract', () => {
    const fields = {
      name: 'Every Minutes',
      crontab: '*/1 * * * * *',
      timezone: 'UTC',
      enabled: true,
      ...SCHEDULE_DEFAULTS,
    };
    const schedule = presentSchedule({ id: 1, ...common, ...fields });
    expect(schedule).toEqual({
      id: 1,
      type: 'schedule',
      url: '/api/v1/schedules/1/',
      ...commonAnswer,
      ...fields,
      uuid: UUID,
    });
    expect(scheduleSchema.strict().safeParse(schedule).error).toBeUndefined();
  });

  test('presents a repository as in the contract, with its passphrase masked by default', () => {
    const fields = {
      name: 'Main Repo',
      path: 'cyborgbackup@backup:/repository',
      original_size: 722,
      compressed_size: 747,
      deduplicated_size: 747,
      ready: true,
      enabled: true,
      ...REPOSITORY_DEFAULTS,
      own_key: true,
      escrowed: false,
      host_key: null,
    };
    const row = { id: 1, ...common, ...fields, repository_key: sealed, previous_key: sealed };
    const repository = {
      id: 1,
      type: 'repository',
      url: '/api/v1/repositories/1/',
      ...commonAnswer,
      ...fields,
      uuid: UUID,
    };
    const masks = { repository_key: '$encrypted$', previous_key: '$encrypted$' };
    expect(presentRepository(row)).toEqual({ ...repository, ...masks });
    expect(presentRepository({ ...row, previous_key: null })).toEqual({ ...repository, ...masks, previous_key: null });
    const keys = { repository_key: 'k', previous_key: 'j' };
    expect(presentRepository(row, keys)).toEqual({ ...repository, ...keys });
  });

  test('presents a policy as in the contract, with its next run', async () => {
    const fields = {
      name: 'Full Features',
      clients: [1],
      repository: 1,
      schedule: 1,
      policy_type: 'vm' as const,
      keep_hourly: 1,
      keep_yearly: null,
      keep_daily: null,
      keep_weekly: null,
      keep_monthly: null,
      vmprovider: 'proxmox',
      mode_pull: false,
      enabled: true,
      ...POLICY_DEFAULTS,
    };
    const summaries = {
      repository: { id: 1, name: 'Main Repo', path: 'cyborgbackup@backup:/repository', enabled: true },
      schedule: { id: 1, name: 'Each Monday', crontab: '0 5 * * MON *', enabled: true },
    };
    const row = {
      id: 1,
      ...common,
      ...fields,
      extra_vars: sealed,
      prehook: sealed,
      posthook: empty,
      repository_summary: summaries.repository,
      schedule_summary: summaries.schedule,
      timezone: 'UTC',
      blackouts: [] as string[],
    };
    const text = '{"user": "u", "password":"p", "command":"c"}';
    const open: SubjectKeys['open'] = (value) => Promise.resolve(value === empty ? '' : text);
    const keys = { open } as unknown as SubjectKeys;
    const superuser = { id: 1, uuid: UUID, isSuperuser: true };
    const presented = (changes: Partial<typeof row>, caller = superuser): Promise<object> =>
      presentPolicy({ ...row, ...changes }, { keys, now: NOW, caller });
    const policy = await presented({});
    expect(policy).toEqual({
      id: 1,
      type: 'policy',
      url: '/api/v1/policies/1/',
      ...commonAnswer,
      related: {
        launch: '/api/v1/policies/1/launch/',
        calendar: '/api/v1/policies/1/calendar/',
        schedule: '/api/v1/schedules/1/',
        repository: '/api/v1/repositories/1/',
      },
      summary_fields: summaries,
      uuid: UUID,
      ...fields,
      extra_vars: '{"user": "u", "password":"$encrypted$", "command":"c"}',
      prehook: text,
      posthook: '',
      next_run: '2018-11-26T05:00:00Z',
    });
    expect(policySchema.strict().safeParse(policy).error).toBeUndefined();
    expect(await presented({}, { ...superuser, isSuperuser: false })).toEqual({
      ...policy,
      extra_vars: '{"user": "u", "password":"$encrypted$", "command":"$encrypted$"}',
      prehook: '$encrypted$',
    });
    const schedule = summaries.schedule;
    expect(await presented({ schedule_summary: { ...schedule, enabled: false } })).toMatchObject({ next_run: null });
    expect(await presented({ blackouts: ['MON 04:00-06:00'] })).toMatchObject({ next_run: null });
    const exhausted = { schedule_summary: { ...schedule, crontab: '0 5 * * * 2017' } };
    expect(await presented(exhausted)).toMatchObject({ next_run: null });
  });

  test('presents a catalog entry as in the contract', () => {
    const fields = {
      archive_name: 'vm-lab.example.com-2018-11-23_22-02',
      job: 1,
      mode: '-rw-rw----',
      owner: 'root',
      group: 'root',
      size: 12,
      healthy: true,
    };
    const path = { folder: '', folder_raw: null, name: 'stdin', name_raw: null };
    expect(presentCatalog({ id: 1, ...fields, ...path, mtime: '2018-11-23T23:03:52.000000Z' })).toEqual({
      id: 1,
      url: '/api/v1/catalogs/1/',
      ...fields,
      path: 'stdin',
      mtime: '2018-11-23T23:03:52Z',
    });
  });
});

describe('a job', () => {
  const row: JobRow = {
    id: 181,
    ...common,
    created_by: 1,
    creator: { id: 1, email: 'a@b.c', first_name: '', last_name: '' },
    name: 'Backup Job Etc web',
    job_type: 'job',
    launch_type: 'scheduled',
    status: 'successful',
    failed: false,
    policy: 2,
    policy_name: 'Etc',
    policy_type: 'config',
    client: 1,
    client_hostname: 'web',
    repository: 1,
    repository_name: 'Main',
    schedule: 1,
    schedule_name: 'Each Monday',
    master_job: null,
    dependent_jobs: 182,
    archive_name: 'config-web-2024-06-03_05-00',
    started: '2018-11-23T19:58:35.100000Z',
    finished: '2018-11-23T20:00:00.000000Z',
    job_explanation: '',
    warnings: [],
    result: null,
    attempt: 1,
    executor: 'host-1-ab',
    task: null,
    restore: null,
    machine_id: '101',
    machine_name: 'web',
    due_at: '2018-11-23T19:58:00.000000Z',
    original_size: 722,
    compressed_size: 747,
    deduplicated_size: 747,
    files: 3,
    has_policy: true,
  };

  test('presents a job like the original, without fields that could hold a secret', () => {
    const job = presentJob(row, NOW);
    expect(jobSchema.strict().safeParse(job).error).toBeUndefined();
    expect(job).toMatchObject({
      url: '/api/v1/jobs/181/',
      related: {
        created_by: '/api/v1/users/1/',
        job_events: '/api/v1/jobs/181/job_events/',
        policy: '/api/v1/policies/2/',
        stdout: '/api/v1/jobs/181/stdout/',
        start: '/api/v1/jobs/181/start/',
        cancel: '/api/v1/jobs/181/cancel/',
        relaunch: '/api/v1/jobs/181/relaunch/',
      },
      summary_fields: {
        policy: { id: 2, name: 'Etc', policy_type: 'config' },
        client: { id: 1, hostname: 'web' },
        repository: { id: 1, name: 'Main' },
        schedule: { id: 1, name: 'Each Monday' },
        created_by: { id: 1, email: 'a@b.c', first_name: '', last_name: '' },
      },
      started: '2018-11-23T19:58:35.100000Z',
      finished: '2018-11-23T20:00:00Z',
      elapsed: 84.9,
      machine: { id: '101', name: 'web' },
      due_at: '2018-11-23T19:58:00Z',
      job_args: '',
      job_env: '',
      event_processing_finished: true,
    });
  });

  test('counts the elapsed time of a running job, and presents a job without its policy', () => {
    const running = { ...row, status: 'running' as const, finished: null, has_policy: false };
    const job = presentJob(running, Date.parse('2018-11-23T19:58:37.200Z'));
    expect(job).toMatchObject({ elapsed: 2.1, finished: null, policy: 2, event_processing_finished: false });
    expect(job).not.toHaveProperty('related.policy');
    expect(presentJob({ ...row, started: null, finished: null }, NOW)).toMatchObject({ elapsed: 0 });
  });

  test('presents a job event, and shortens its text in lists', () => {
    const event = presentJobEvent(
      {
        id: 9,
        counter: 6,
        event: 'verbose',
        stdout: 'Creating archive …',
        start_line: 5,
        end_line: 6,
        progress: null,
        created: common.created,
        job: 181,
        job_name: row.name,
        job_status: 'running',
        job_failed: false,
        job_started: null,
        job_finished: null,
      },
      NOW,
    );
    expect(jobEventSchema.strict().safeParse(event).error).toBeUndefined();
    expect(event).toMatchObject({
      related: { job: '/api/v1/jobs/181/' },
      summary_fields: { job: { id: 181, name: row.name, status: 'running', failed: false, elapsed: 0 } },
      event_display: 'Verbose',
      event_data: {},
    });
    expect(shortened('x'.repeat(1_023))).toHaveLength(1_023);
    expect(shortened('x'.repeat(1_024))).toBe(`${'x'.repeat(1_023)}…`);
  });
});
