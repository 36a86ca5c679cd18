import { CANCEL_SIGNAL } from '@cyborgbackup/contracts';
import { createSignals, type Connection } from '@cyborgbackup/messaging';
import { z } from 'zod';

/** Who waits for news of a job. */
export interface CancelSignals {
  /** Resolves when somebody asks for the job's end; never otherwise. One waiter for each job. */
  heard(job: string): Promise<void>;
  forget(job: string): void;
  close(): void;
}

export const listenForCancels = (connection: Connection): CancelSignals => {
  const waiting = new Map<string, () => void>();
  const stop = createSignals(connection).subscribe(CANCEL_SIGNAL, z.object({ job: z.uuid() }), ({ job }) =>
    waiting.get(job)?.(),
  );
  return {
    heard: (job) => new Promise((resolve) => waiting.set(job, resolve)),
    forget: (job) => waiting.delete(job),
    close: stop,
  };
};
