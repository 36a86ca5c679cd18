import { createJobQueue } from '@cyborgbackup/messaging';
import { runProjection } from '@cyborgbackup/projections';
import { standardChecks, type RunningService, type KeylessDeps } from '@cyborgbackup/service';
import { listenForCancels } from './attempt/cancel-signals.ts';
import { createDeadHandler, createJobHandler } from './attempt/handle-job.ts';
import { createJobHolders } from './attempt/job-holders.ts';
import { serveDownloads } from './downloads/serve-downloads.ts';
import { createHostKeyPins } from './endpoints/host-key-pins.ts';
import type { ExecutorConfig } from './executor-config.ts';
import { executorProjection } from './tables/executor-projection.ts';

/** The last part of the grace: borg gets TERM, four seconds later KILL, and the job is released for another executor. */
const HAND_OVER_MILLIS = 8_000;

/**
 * The job's stream decides how often a job is tried (see attempt/handle-job.ts). A message is also delivered again for other
 * reasons, as long as an executor works on its job.
 */
const MAX_DELIVER = 100_000;

/** Runs jobs from the work queue, and keeps the read model of their output. */
export const startExecutor = async (serviceDeps: KeylessDeps, config: ExecutorConfig): Promise<RunningService> => {
  const logger = serviceDeps.logger.child({ service: 'executor' });
  const deps = { ...serviceDeps, logger };
  const { connection, instance, makesStreams } = deps;
  const stopping = new AbortController();
  const cancels = listenForCancels(connection);
  const holders = createJobHolders(connection);
  const queue = await createJobQueue({ connection, logger, maxDeliver: MAX_DELIVER, makesStreams });
  const hostKeys = createHostKeyPins(deps);
  const connectTimeoutMillis = config.CYBORGBACKUP_SSH_CONNECT_TIMEOUT * 1000;
  const downloads = serveDownloads({ deps, hostKeys, connectTimeoutMillis });
  const consuming = queue.consume({
    concurrency: config.CYBORGBACKUP_EXECUTOR_CONCURRENCY,
    signal: stopping.signal,
    graceMillis: Math.max(0, config.CYBORGBACKUP_EXECUTOR_GRACE * 1000 - HAND_OVER_MILLIS),
    handler: createJobHandler({ deps, hostKeys, cancels, holders, connectTimeoutMillis }),
    onDead: createDeadHandler({ deps, holders }),
  });
  const projecting = runProjection({
    ...deps,
    projection: executorProjection,
    owner: instance,
    signal: stopping.signal,
  });
  return {
    checks: () => standardChecks(deps, { projections: [executorProjection] }),
    stop: async () => {
      stopping.abort();
      await Promise.all([consuming, projecting, downloads.stop()]);
      cancels.close();
      holders.close();
    },
  };
};
