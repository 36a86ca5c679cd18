import type { JobEvent } from '@cyborgbackup/contracts';

type Ended = Extract<JobEvent, { type: 'job-succeeded' | 'job-failed' }>;

/** What a job did beside its archive, for its row: what it has nothing to say of is null. */
export const outcomeOf = (event: Pick<Ended, 'type' | 'data'>): object => {
  const { data } = event;
  const { restored, check, drill } = data;
  return {
    files: data.archive?.files ?? null,
    restored,
    check,
    // The files of a drill are shown with the drill.
    drill: drill && { archive: drill.archive, passed: drill.passed, files: drill.files.length, bytes: drill.bytes },
    pruned: 'pruned' in data ? data.pruned : [],
    machines: 'machines' in data ? data.machines : [],
  };
};
