import { defineProjection, defineReadModel, type Projection } from '@cyborgbackup/projections';

/*
 * The read models' tables, as this service's queries expect them. The services that own them are not to be imported here;
 * that both sides agree is what the end-to-end tests of the standalone process show.
 */

const table = (name: string, key: string, columns: Record<string, string>) =>
  defineReadModel({ table: name, columns, key: [key], on: {} } as never);

const stamps = {
  created: 'timestamptz',
  modified: 'timestamptz',
  created_by: 'uuid?',
  modified_by: 'uuid?',
  revision: 'int4',
};
const sizes = { original_size: 'safeint', compressed_size: 'safeint', deduplicated_size: 'safeint' };
const named = { uuid: 'uuid', id: 'int4' };

const inventory = defineProjection({
  name: 'inventory',
  version: 1,
  models: [
    table('users', 'uuid', {
      ...named,
      created: 'timestamptz',
      modified: 'timestamptz',
      revision: 'int4',
      first_name: 'text',
      last_name: 'text',
      email: 'text',
      is_superuser: 'bool',
      ...Object.fromEntries(
        ['daily', 'weekly', 'monthly', 'success', 'failed', 'summary'].map((kind) => [`notify_backup_${kind}`, 'bool']),
      ),
      password_hash: 'jsonb',
      credentials_changed_at: 'timestamptz',
    }),
    table('clients', 'uuid', {
      ...named,
      ...stamps,
      hostname: 'text',
      ip: 'text',
      version: 'text',
      ready: 'bool',
      hypervisor_ready: 'bool',
      hypervisor_name: 'text',
      enabled: 'bool',
      port: 'int4',
      bandwidth_limit: 'int4?',
      mark_as_to_update: 'bool',
      behind_firewall: 'bool',
    }),
    table('repositories', 'uuid', {
      ...named,
      ...stamps,
      name: 'text',
      path: 'text',
      repository_key: 'jsonb',
      ready: 'bool',
      enabled: 'bool',
      ...sizes,
      borg_id: 'text',
      encryption: 'text',
    }),
    table('schedules', 'uuid', {
      ...named,
      ...stamps,
      name: 'text',
      crontab: 'text',
      timezone: 'text',
      enabled: 'bool',
    }),
    table('policies', 'uuid', {
      ...named,
      ...stamps,
      name: 'text',
      extra_vars: 'jsonb',
      clients: 'int4[]',
      repository: 'int4',
      schedule: 'int4',
      policy_type: 'text',
      ...Object.fromEntries(
        ['hourly', 'daily', 'weekly', 'monthly', 'yearly'].map((span) => [`keep_${span}`, 'int4?']),
      ),
      vmprovider: 'text',
      mode_pull: 'bool',
      enabled: 'bool',
      prehook: 'text',
      posthook: 'text',
    }),
    table('settings', 'key', {
      id: 'int4',
      key: 'text',
      value: 'text?',
      secret: 'jsonb?',
      setting_type: 'text',
      group_name: 'text',
      sort_order: 'int4',
      created: 'timestamptz',
      modified: 'timestamptz',
    }),
    table('ssh_keys', 'name', {
      name: 'text',
      public_key: 'text',
      key_type: 'text',
      private_key: 'jsonb',
      created: 'timestamptz',
    }),
    table('host_keys', 'stream', {
      stream: 'text',
      host: 'text',
      port: 'int4',
      key_type: 'text',
      fingerprint: 'text',
      public_key: 'text',
      created: 'timestamptz',
    }),
    table('sessions', 'uuid', {
      uuid: 'uuid',
      user_uuid: 'uuid',
      refresh_id: 'uuid',
      expires_at: 'timestamptz',
      revoked: 'bool',
      created: 'timestamptz',
    }),
    table('api_tokens', 'uuid', {
      ...named,
      user_uuid: 'uuid',
      name: 'text',
      scope: 'text',
      expires_at: 'timestamptz?',
      token_hash: 'text',
      revoked: 'bool',
      last_used: 'timestamptz?',
      created: 'timestamptz',
      revision: 'int4',
    }),
  ],
});

const scheduler = defineProjection({
  name: 'scheduler',
  version: 1,
  models: [
    table('jobs', 'uuid', {
      ...named,
      ...stamps,
      run: 'uuid',
      name: 'text',
      job_type: 'text',
      launch_type: 'text',
      status: 'text',
      failed: 'bool',
      policy: 'int4?',
      policy_uuid: 'uuid?',
      policy_name: 'text',
      policy_type: 'text',
      client: 'int4?',
      client_uuid: 'uuid?',
      client_hostname: 'text',
      repository: 'int4?',
      repository_uuid: 'uuid?',
      repository_name: 'text',
      schedule: 'int4?',
      schedule_name: 'text',
      needs: 'uuid[]',
      master_job: 'int4?',
      master_job_uuid: 'uuid?',
      dependent_jobs: 'int4?',
      archive_name: 'text?',
      started: 'timestamptz?',
      finished: 'timestamptz?',
      attempt: 'int4',
      executor: 'text',
      cancel_requested: 'bool',
      job_explanation: 'text',
      warnings: 'text[]',
      ...sizes,
      files: 'safeint',
    }),
  ],
});

const executor = defineProjection({
  name: 'executor',
  version: 1,
  models: [
    table('job_events', 'id', {
      id: 'safeint',
      job_uuid: 'uuid',
      counter: 'int4',
      event: 'text',
      stdout: 'text',
      start_line: 'int4',
      end_line: 'int4',
      progress: 'jsonb?',
      created: 'timestamptz',
    }),
  ],
});

const catalog = defineProjection({
  name: 'catalog',
  version: 1,
  models: [
    table('archives', 'job_uuid', {
      job_uuid: 'uuid',
      archive_name: 'text',
      borg_id: 'text',
      repository: 'int4?',
      repository_uuid: 'uuid?',
      client_uuid: 'uuid?',
      client_hostname: 'text',
      started_at: 'timestamptz',
      finished_at: 'timestamptz',
      files: 'safeint',
      ...sizes,
      entries: 'safeint',
      complete: 'bool',
      removed: 'bool',
    }),
    table('entries', 'id', {
      id: 'safeint',
      job_uuid: 'uuid',
      archive_name: 'text?',
      path: 'text',
      mode: 'text',
      mtime: 'timestamptz',
      owner: 'text',
      group_name: 'text',
      uid: 'int4',
      gid: 'int4',
      type: 'text',
      size: 'safeint',
      target: 'text',
      healthy: 'bool',
    }),
  ],
});

export const projections: readonly Projection[] = [inventory, scheduler, executor, catalog];
