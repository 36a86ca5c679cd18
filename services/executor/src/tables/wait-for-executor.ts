import { WAIT_MILLIS } from '@cyborgbackup/projections';
import type { KeylessDeps } from '@cyborgbackup/service';
import { executorProjection } from './executor-projection.ts';

/**
 * Resolves when the executor's tables hold what the log holds now.
 * @throws AppError `unavailable` when they do not within half a minute
 */
export const waitForExecutor = ({ waiter }: Pick<KeylessDeps, 'waiter'>): Promise<void> =>
  waiter.waitForProjections([executorProjection.name], 'head', WAIT_MILLIS.job);
