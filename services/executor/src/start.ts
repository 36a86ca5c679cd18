import { createJobQueue } from '@cyborgbackup/messaging';
import { runProjection } from '@cyborgbackup/projections';
import { standardChecks, type RunningService, type ServiceParts } from '@cyborgbackup/service';
import { listenForCancels } from './cancel-signals.ts';
import { createHostKeyPins } from './connect/host-key-pins.ts';
import { serveDownloads } from './downloads/serve-downloads.ts';
import type { ExecutorConfig } from './executor-config.ts';
import { createDeadHandler, createJobHandler } from './handle-job.ts';
import { createJobHolders } from './job-holders.ts';
import { executorProjection } from './read/executor-projection.ts';

/** Of the grace: borg gets TERM, and four seconds later KILL; then it is recorded that the job goes on elsewhere. */
const HAND_OVER_MILLIS = 8_000;

/**
 * How often a job may be tried is decided by what its stream tells (see handle-job.ts); a message also comes again for other
 * reasons, for as long as somebody works on its job.
 */
const MAX_DELIVER = 100_000;

/** Runs jobs from the work queue, and keeps the read model of their output. */
export const startExecutor = async (parts: ServiceParts, config: ExecutorConfig): Promise<RunningService> => {
  const stopping = new AbortController();
  const logger = parts.logger.child({ service: 'executor' });
  const cancels = listenForCancels(parts.connection);
  const holders = createJobHolders(parts.connection);
  const queue = await createJobQueue({ connection: parts.connection, logger, maxDeliver: MAX_DELIVER });
  const hostKeys = createHostKeyPins(parts);
  const connectTimeoutMillis = config.CYBORGBACKUP_SSH_CONNECT_TIMEOUT * 1000;
  const handler = createJobHandler({
    parts: { ...parts, logger },
    hostKeys,
    cancels,
    holders,
    connectTimeoutMillis,
  });
  const downloads = serveDownloads({ parts: { ...parts, logger }, hostKeys, connectTimeoutMillis });
  const consuming = queue.consume({
    concurrency: config.CYBORGBACKUP_EXECUTOR_SLOTS,
    signal: stopping.signal,
    graceMillis: Math.max(0, config.CYBORGBACKUP_EXECUTOR_GRACE * 1000 - HAND_OVER_MILLIS),
    handler,
    onDead: createDeadHandler(parts, holders),
  });
  const projecting = runProjection({
    ...parts,
    logger,
    projection: executorProjection,
    owner: parts.instance,
    signal: stopping.signal,
  });
  return {
    checks: () => standardChecks(parts, [executorProjection.name]),
    stop: async () => {
      stopping.abort();
      await Promise.all([consuming, projecting, downloads.stop()]);
      cancels.close();
      holders.close();
    },
  };
};
