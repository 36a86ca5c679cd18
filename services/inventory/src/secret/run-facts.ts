import {
  policySnapshot,
  repositorySnapshot,
  runRequested,
  runSecrets,
  runStream,
  type RunSecrets,
} from '@cyborgbackup/contracts';
import type { EventStore } from '@cyborgbackup/event-store';
import { AppError } from '@cyborgbackup/kernel';
import { z } from 'zod';

/** What all jobs of a run share, secrets sealed. */
export interface RunFacts extends RunSecrets {
  /** Uuid. */
  readonly repository: string | null;
  readonly pull: boolean;
}

/** Of the request alone: a run of thousands of clients is a large event, and its jobs are of no interest here. */
const request = z.object({
  ...runSecrets,
  policy: policySnapshot.pick({ mode_pull: true }).nullable(),
  repository: repositorySnapshot.pick({ uuid: true }).nullable(),
});

const readRun = async (store: Pick<EventStore, 'readStream'>, run: string): Promise<RunFacts> => {
  for await (const { type, data } of store.readStream(runStream(run))) {
    if (type !== runRequested.type) continue;
    const { repository, policy, ...secrets } = request.parse(data);
    return { ...secrets, repository: repository?.uuid ?? null, pull: policy?.mode_pull ?? false };
  }
  throw new AppError('not-found', `The run ${run} is not in the log.`);
};

/** Some kilobytes each, with the longest variables 200. */
const MAX_RUNS = 100;

/** Reads runs from the log, with a cache of those used last: the request of a run never changes. */
export const createRunFacts = (store: Pick<EventStore, 'readStream'>): ((run: string) => Promise<RunFacts>) => {
  /** In the order of their use. */
  const runs = new Map<string, Promise<RunFacts>>();
  return (run) => {
    const facts = runs.get(run) ?? readRun(store, run);
    runs.delete(run);
    runs.set(run, facts);
    facts.catch(() => runs.delete(run));
    const { value: oldest } = runs.keys().next();
    if (runs.size > MAX_RUNS && oldest !== undefined) runs.delete(oldest);
    return facts;
  };
};
