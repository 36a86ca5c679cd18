import { startConnectSite, type ConnectSite, type SiteOptions } from './connection-site.ts';
import type { WorkDeps } from '../job/executor-deps.ts';
import type { JobContext } from '../job/job-context.ts';
import { jobOf, policyOf, runOf, settingChanged } from './job-fixtures.ts';

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
  /** Changes the program that serves the repository. */
  serveBy(remotePath: string): void;
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
  } as unknown as WorkDeps;
  const context: PrepareSite['context'] = ({ path = site.repository.path, pull = false } = {}) => {
    const job = jobOf({
      uuid: site.job,
      name: 'Prepare',
      job_type: 'check',
      check: 'client',
      launch_type: 'dependency',
      client: { id: 1, bandwidth_limit: null, ...site.target },
      archive_name: null,
    });
    const repository = { id: 3, name: 'Main', uuid: site.repository.uuid, path };
    const run = runOf(job, { policy: policyOf({ mode_pull: pull }), repository });
    return {
      ...site.options,
      deps,
      job: site.job,
      warn: (text) => void lines.push(`system_warning: ${text}`),
      plan: { run, job },
      attempt: 1,
      output: {
        write: (kind, text) => void lines.push(`${kind}: ${text}`),
        progress: () => undefined,
        clean: (text) => text,
        hide: () => undefined,
        flush: () => Promise.resolve(),
      },
      idleTimeoutMillis: 60_000,
      assertOwnership: () => Promise.resolve(),
    };
  };
  return {
    site,
    calls,
    lines,
    context,
    serveBy: (remote_path) => {
      const { uuid } = site.repository;
      site.events.get(`repository-${uuid}`)?.push({ type: 'repository-changed', data: { uuid, remote_path } });
    },
    set: (key, value) => void site.events.get('settings')?.push(settingChanged(key, value)),
    [Symbol.asyncDispose]: () => site[Symbol.asyncDispose](),
  };
};
