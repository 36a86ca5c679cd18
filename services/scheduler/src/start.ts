import { schedulerCommands } from '@cyborgbackup/contracts';
import { clocksOf, type Clocks } from '@cyborgbackup/database';
import { createJobQueue, createRpcService, createSignals, rpcController } from '@cyborgbackup/messaging';
import { ensureProjection, holdLease, runProjection } from '@cyborgbackup/projections';
import { commandDeps, standardChecks, type RunningService, type ServiceDeps } from '@cyborgbackup/service';
import { explainJob, hasExecutors } from './explain/explain-job.ts';
import { cancelJob } from './runs/cancel-job.ts';
import { checkRepository } from './runs/check-repository.ts';
import { drill } from './runs/drill.ts';
import { lead } from './leader/lead.ts';
import { schedulerProjection } from './tables/scheduler-projection.ts';
import { startManualRun } from './runs/launch.ts';
import { relaunch } from './runs/relaunch.ts';
import { restore } from './runs/restore.ts';
import type { SchedulerConfig } from './scheduler-config.ts';
import { createLaunchLock, type RunDeps } from './runs/run-deps.ts';

const SERVICE = 'scheduler';
const LEASE = 'scheduler_leader';

/**
 * Starts the scheduler: its tables, its commands and, in one process at a time, the leader that grants jobs and starts
 * what is due.
 * @param clocks what "due" is measured by
 */
export const startScheduler = async (
  deps: ServiceDeps,
  config: SchedulerConfig,
  clocks: Clocks = clocksOf(deps.pool),
): Promise<RunningService> => {
  const { pool, store, codec, connection, natsUrl, trust, makesStreams, rpc, instance: owner } = deps;
  const logger = deps.logger.child({ service: SERVICE });
  const maxRunning = config.CYBORGBACKUP_MAX_RUNNING_JOBS;
  await ensureProjection(pool, schedulerProjection);
  const jobQueue = await createJobQueue({ connection, logger, makesStreams });
  const runDeps: RunDeps = {
    pool,
    rpc,
    clock: clocks.own,
    commands: commandDeps(deps, SERVICE),
    waiter: deps.waiter,
    lock: createLaunchLock(pool),
  };
  const signals = createSignals(connection);
  const controller = rpcController(schedulerCommands, {
    launch: (command) => startManualRun(runDeps, command),
    relaunch: (command) => relaunch(runDeps, command),
    restore: (command) => restore(runDeps, command),
    checkRepository: (command) => checkRepository(runDeps, command),
    drill: (command) => drill(runDeps, command),
    cancel: ({ job }) => cancelJob({ ...runDeps, signals }, job),
    explain: ({ job }) =>
      explainJob({ pool, maxRunning, hasExecutors: (asked) => hasExecutors(connection, asked) }, job),
  });
  const service = await createRpcService({ natsUrl, trust, controllers: [controller], queue: SERVICE, logger });

  const stopping = new AbortController();
  const { signal } = stopping;
  const running = Promise.all([
    runProjection({ pool, store, codec, projection: schedulerProjection, owner, logger, signal }),
    holdLease({ pool, name: LEASE, owner, logger, signal }, (held) =>
      lead({ ...runDeps, clocks, store, logger, jobQueue, maxRunning }, held),
    ),
  ]);

  return {
    checks: () => standardChecks(deps, { projections: [schedulerProjection], leases: [LEASE] }),
    stop: async () => {
      await service.stop();
      stopping.abort();
      await running;
    },
  };
};
