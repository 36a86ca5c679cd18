import { defineTable, type RowOf } from '@cyborgbackup/projections/define';

/** The policy and the repository of a run. */
export const runs = defineTable('executor.runs', {
  columns: { run: 'uuid', policy: 'uuid?', repository: 'uuid?' },
  key: ['run'],
  indexes: ['(policy)', '(repository)'],
});
export type RunRow = RowOf<typeof runs>;

/** One attempt of a job. Tells whose a lock is that the borg which serves a repository has left. */
export const attempts = defineTable('executor.attempts', {
  columns: {
    job: 'uuid',
    attempt: 'int4',
    /** Names the repository; see `runs`. */
    run: 'uuid',
    started_at: 'timestamptz',
    /** When the attempt was known as lost, or the job was over. */
    ended_at: 'timestamptz?',
  },
  key: ['job', 'attempt'],
  indexes: ['(run)'],
});
export type AttemptRow = RowOf<typeof attempts>;
