import { CANCEL_SIGNAL } from '@cyborgbackup/contracts';
import { createSignals, type Connection } from '@cyborgbackup/messaging';
import { z } from 'zod';

/** Wakes the watch of a running job when a user cancels it. */
export interface CancelSignals {
  /** Resolves at the next cancel request for the job. One waiter for each job. */
  next(job: string): Promise<void>;
  forget(job: string): void;
  close(): void;
}

export const listenForCancels = (connection: Connection): CancelSignals => {
  const waiting = new Map<string, () => void>();
  const close = createSignals(connection).subscribe(CANCEL_SIGNAL, z.object({ job: z.uuid() }), ({ job }) =>
    waiting.get(job)?.(),
  );
  return {
    next: (job) => new Promise((resolve) => waiting.set(job, resolve)),
    forget: (job) => waiting.delete(job),
    close,
  };
};
