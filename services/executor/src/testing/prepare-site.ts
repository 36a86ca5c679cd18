import { POLICY_DEFAULTS, type RunRequested } from '@cyborgbackup/contracts';
import type { ServiceDeps } from '@cyborgbackup/service';
import { randomUUID } from 'node:crypto';
import { startConnectSite, type ConnectSite, type SiteOptions } from './connection-site.ts';
import type { JobContext } from '../job/job-context.ts';

/** A call to another service. */
export interface RecordedCall {
  readonly subject: string;
  readonly request: Readonly<Record<string, unknown>>;
}

export interface PrepareSite extends AsyncDisposable {
  readonly site: ConnectSite;
  readonly calls: RecordedCall[];
  /** Lines of the job's output, as `kind: text`. */
  readonly lines: string[];
  context(options?: { readonly path?: string; readonly pull?: boolean }): JobContext;
  /** Turns a setting on, or changes it. */
  set(key: string, value: string): void;
}

/** A site and the context of a preparation's job there, without the other services. */
export const startPrepareSite = async (options: SiteOptions = {}): Promise<PrepareSite> => {
  const site = await startConnectSite(options);
  const calls: RecordedCall[] = [];
  const lines: string[] = [];
  const deps = {
    ...site.options.deps,
    waiter: { waitForProjections: () => Promise.resolve(), tryWaitForProjections: () => Promise.resolve(true) },
    store: { ...site.options.deps.store, head: () => Promise.resolve(0n) },
    // The executor's tables, without any backup in them.
    pool: { query: () => Promise.resolve({ rows: [{ name: 'executor', position: '0', backups: 0 }] }) },
    rpc: {
      call: (subject: string, request: Record<string, unknown>) => {
        calls.push({ subject, request });
        return Promise.resolve({});
      },
    },
  } as unknown as ServiceDeps;
  const context: PrepareSite['context'] = ({ path = site.repository.path, pull = false } = {}) => {
    const run: RunRequested = {
      uuid: randomUUID(),
      policy: {
        ...POLICY_DEFAULTS,
        id: 1,
        uuid: randomUUID(),
        name: 'nightly',
        policy_type: 'folders',
        keep_hourly: null,
        keep_daily: null,
        keep_weekly: null,
        keep_monthly: null,
        keep_yearly: null,
        vmprovider: '',
        mode_pull: pull,
        prehook: '',
        posthook: '',
      },
      repository: { id: 3, name: 'Main', uuid: site.repository.uuid, path },
      schedule: null,
      due_at: null,
      extra_vars: null,
      jobs: [
        {
          id: 1,
          uuid: site.job,
          name: 'Prepare',
          job_type: 'check',
          check: 'client',
          launch_type: 'dependency',
          client: { id: 1, bandwidth_limit: null, ...site.target },
          needs: [],
          archive_name: null,
          master_job: null,
        },
      ],
    };
    const [job] = run.jobs;
    if (!job) throw new Error('no job');
    return {
      deps,
      plan: { run, job },
      attempt: 1,
      output: {
        write: (kind, text) => void lines.push(`${kind}: ${text}`),
        progress: () => undefined,
        clean: (text) => text,
        hide: () => undefined,
        flush: () => Promise.resolve(),
      },
      hostKeys: site.options.hostKeys,
      connectTimeoutMillis: 10_000,
      idleTimeoutMillis: 60_000,
      signal: site.options.signal,
      assertOwnership: () => Promise.resolve(),
      recordProcess: () => undefined,
    };
  };
  return {
    site,
    calls,
    lines,
    context,
    set: (key, value) => void site.events.get('settings')?.push({ type: 'setting-changed', data: { key, value } }),
    [Symbol.asyncDispose]: () => site[Symbol.asyncDispose](),
  };
};
