import { jobSucceeded } from '@cyborgbackup/contracts';
import { verifyLog } from '@cyborgbackup/event-store';
import { createLogger, type RecordedEvent } from '@cyborgbackup/kernel';
import { connectProcess, type ServiceDeps } from '@cyborgbackup/service';
import { compareAll } from '../testing/replay.ts';
import type { ChaosCluster } from './chaos-cluster.ts';

/** What the log says, seen without the running product. */
export interface LogFindings {
  /** Projections whose live tables are not what the log alone gives, or that could not take an event. */
  readonly unfaithful: readonly string[];
  /** Whether the hash chain of every stream verifies. */
  readonly intact: boolean;
  /** Jobs of which something was said after their end. */
  readonly afterTheEnd: readonly string[];
  /** Archives that prunes removed, by the jobs' own words. */
  readonly pruned: ReadonlySet<string>;
}

const ENDS = new Set(['job-succeeded', 'job-failed', 'job-canceled']);

const readJobs = async ({ store, codec }: ServiceDeps): Promise<Pick<LogFindings, 'afterTheEnd' | 'pruned'>> => {
  const ended = new Set<string>();
  const afterTheEnd: string[] = [];
  const pruned = new Set<string>();
  const note = ({ stream, type, data }: RecordedEvent): void => {
    if (!/^job-[0-9a-f]{8}-/.test(stream)) return;
    if (ended.has(stream)) afterTheEnd.push(`${stream}: ${type}`);
    if (ENDS.has(type)) ended.add(stream);
    if (type === jobSucceeded.type) jobSucceeded.schema.parse(data).pruned.forEach((name) => pruned.add(name));
  };
  const head = await store.head();
  for (let after = 0n; after < head;) {
    const page = await store.readAll({ after, limit: 1_000 });
    (await codec.decodePage(page.events)).forEach(note);
    after = page.position;
  }
  return { afterTheEnd, pruned };
};

export const readLog = async ({ environment, adminUrl }: ChaosCluster): Promise<LogFindings> => {
  const { depsOf } = await connectProcess(
    'replay',
    {
      DATABASE_URL: environment['DATABASE_URL'] ?? '',
      CYBORGBACKUP_DATABASE_ADMIN_URL: adminUrl,
      NATS_URL: environment['NATS_URL'] ?? '',
      CYBORGBACKUP_MASTER_KEY: environment['CYBORGBACKUP_MASTER_KEY'] ?? '',
      CYBORGBACKUP_DATA_DIR: '/nonexistent',
      CYBORGBACKUP_LOG_LEVEL: 'silent',
    },
    createLogger('replay', 'silent'),
  );
  const deps = await depsOf('test');
  try {
    const comparisons = await compareAll(deps);
    const { intact } = await verifyLog(deps.store);
    return {
      unfaithful: comparisons
        .filter(({ differences, parked }) => differences.length > 0 || parked > 0)
        .map((comparison) => JSON.stringify(comparison).slice(0, 2_000)),
      intact,
      ...(await readJobs(deps)),
    };
  } finally {
    await deps.close();
  }
};
