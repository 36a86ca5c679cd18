import type { RepositoryInfo } from '@cyborgbackup/borg';
import type { JobEvent, RepositorySizes } from '@cyborgbackup/contracts';

type EventData<Type extends JobEvent['type']> = Extract<JobEvent, { type: Type }>['data'];

/** A list in an event's data can be changed; what is to be recorded cannot. */
type Recorded<Data> = { readonly [Key in keyof Data]: Data[Key] extends (infer Item)[] ? readonly Item[] : Data[Key] };

/** What is recorded of a job that succeeded. */
export type JobResult = Recorded<Omit<EventData<'job-succeeded'>, 'job' | 'attempt' | 'repository' | 'client'>>;

export const EMPTY_RESULT: JobResult = {
  warnings: [],
  archive: null,
  repository_sizes: null,
  pruned: [],
  machines: [],
  restored: null,
  drill: null,
  check: null,
};

/** What is recorded beside the reason of a failure; each may be left out. */
export interface FailureFacts extends Partial<Recorded<Omit<EventData<'job-failed'>, 'job' | 'attempt' | 'reason'>>> {
  /** A connection failed or broke: the same again, a little later, may well succeed. Default: false. */
  readonly transport?: boolean;
}

/** The status `failed` = borg or the remote side said so; `error` = it could not be run at all. */
export const NO_FACTS: Omit<Required<FailureFacts>, 'transport'> = {
  status: 'failed',
  exit_code: null,
  warnings: [],
  archive: null,
  restored: null,
  drill: null,
  check: null,
};

/** A repository's sizes from borg's own statistics, as events carry them. */
export const repositorySizesOf = (cache: RepositoryInfo['cache']): RepositorySizes | null =>
  cache
    ? {
        original_size: cache.totalSize,
        compressed_size: cache.totalCompressedSize,
        deduplicated_size: cache.uniqueCompressedSize,
      }
    : null;
