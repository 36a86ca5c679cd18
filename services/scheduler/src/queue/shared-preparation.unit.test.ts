import type { JobEnd } from '@cyborgbackup/contracts';
import { describe, expect, it } from 'vitest';
import type { JobCommand } from '../job/job-decider.ts';
import { decide, end, job, queueOf, serve } from '../testing/queue-play.ts';
import { addRun, addRuns } from './evolve-queue.ts';
import { outcomeOfFailedDependency } from './failed-dependency.ts';
import { endForgotten } from './job-lifecycle.ts';
import { createQueue, type Queue } from './queue.ts';
import type { QueuedJob } from './queue-entry.ts';

type Outcome = 'successful' | 'failed' | 'canceled';

const prepare = (changes: Partial<QueuedJob> = {}): QueuedJob =>
  job('prepare', { run: 'run 1', job_type: 'check', client: 'c', isForOthers: true, ...changes });

/** A backup that needs the preparation, which is of the first run. */
const backup = (run: number, changes: Partial<QueuedJob> = {}): QueuedJob =>
  job(`backup ${run}`, { run: `run ${run}`, policy: `p${run}`, repository: `r${run}`, needs: ['prepare'], ...changes });

const planner = (): readonly QueuedJob[] => [prepare(), backup(1)];

/** What the leader does with the jobs that cannot run any more. */
const endings = ({ blockedByFailure }: Queue): readonly JobCommand[] =>
  [...blockedByFailure].map(([entry, failed]) => outcomeOfFailedDependency(entry, failed));

/** The queue after the preparation has ended, to which the second run came at some point. */
const WHEN: Record<string, (outcome: Outcome) => Queue> = {
  before: (outcome) => {
    const queue = queueOf(...planner(), backup(2));
    expect(decide(queue)).toEqual(['granted prepare']);
    end(queue, 'prepare', outcome);
    return queue;
  },
  'just after': (outcome) => {
    const queue = queueOf(...planner());
    decide(queue);
    end(queue, 'prepare', outcome);
    addRun(queue, [backup(2)]);
    return queue;
  },
  'long after': (outcome) => {
    const queue = queueOf(...planner());
    decide(queue);
    end(queue, 'prepare', outcome);
    end(queue, 'backup 1', 'canceled');
    decide(queue);
    expect(queue.entries.size).toBe(0);
    addRun(queue, [backup(2)]);
    expect([...queue.needForgotten.keys()]).toEqual(['prepare']);
    const reason = outcome === 'failed' ? 'Broken.' : '';
    endForgotten(queue, [{ uuid: 'prepare', name: 'prepare', job_type: 'check', end: outcome, reason }]);
    return queue;
  },
};

describe('a job that needs a preparation of another run', () => {
  describe.each(Object.entries(WHEN))('and came %s its end', (_when, queueAfter) => {
    it('becomes ready when that succeeded', () => {
      expect(decide(queueAfter('successful'))).toEqual(expect.arrayContaining(['granted backup 2']));
    });

    it.each<[Outcome, JobCommand]>([
      ['failed', { type: 'fail', job: 'backup 2', reason: '"prepare" failed: Broken.' }],
      ['canceled', { type: 'skip', job: 'backup 2', reason: 'Skipped: "prepare" was canceled.' }],
    ])('ends when that was %s, and says why', (outcome, ending) => {
      const queue = queueAfter(outcome);
      expect(decide(queue).filter((line) => line.includes('backup'))).toEqual([]);
      expect(endings(queue)).toContainEqual(ending);
    });
  });

  it('ends, and does not wait for ever, when the log knows nothing of that', () => {
    const queue = queueOf(backup(2));
    endForgotten(queue, []);
    expect(endings(queue)).toEqual([
      { type: 'fail', job: 'backup 2', reason: '"prepare" failed: This job is not in the log. Launch again.' },
    ]);
  });

  it('keeps its preparation when the run that planned that is canceled', () => {
    const queue = queueOf(...planner(), backup(2));
    end(queue, 'backup 1', 'canceled');
    expect(serve(queue)).toEqual(['prepare', 'backup 2']);
  });

  it.each<[JobEnd | undefined, string[]]>([
    [undefined, []],
    ['successful', ['granted backup 2']],
  ])('is loaded by a new leader beside a preparation that has ended so: %s', (ended, decisions) => {
    const queue = createQueue();
    // Ids do not ascend with the time at which runs came.
    addRuns(queue, [[backup(2)], planner()], (entry) => {
      if (entry.job.uuid === 'prepare') Object.assign(entry, ended ? { end: ended } : { grantedAt: 1 });
      if (entry.job.uuid === 'backup 1') entry.end = 'canceled';
    });
    expect(decide(queue)).toEqual(decisions);
  });
});

describe('the order of preparations', () => {
  const waiting = (name: string): QueuedJob => job(name, { client: 'c', repository: name, policy: name });

  it.each<[string, readonly QueuedJob[], readonly string[], readonly string[]]>([
    ['behind older scheduled jobs if a schedule needs it', [backup(1)], [], ['scheduled', 'prepare', 'backup 1']],
    [
      'first if any job needs it that a user launched',
      [backup(1), backup(2, { manual: true })],
      [],
      ['prepare', 'backup 2', 'scheduled'],
    ],
    ['behind all jobs once no job needs it', [backup(1)], ['backup 1'], ['scheduled', 'younger', 'prepare']],
    [
      'as before if a job of a user needed it, but a schedule needs it still',
      [backup(1), backup(2, { manual: true })],
      ['backup 2'],
      ['scheduled', 'prepare', 'backup 1'],
    ],
  ])('has it %s', (_name, dependents, canceled, order) => {
    const queue = queueOf(waiting('scheduled'), prepare({ policy: 'q' }), ...dependents, waiting('younger'));
    for (const uuid of canceled) end(queue, uuid, 'canceled');
    expect(serve(queue).filter((uuid) => order.includes(uuid))).toEqual(order);
  });

  it('gives it its place back when another run comes that needs it', () => {
    const queue = queueOf(prepare(), backup(1), waiting('younger'));
    end(queue, 'backup 1', 'canceled');
    addRun(queue, [backup(2)]);
    expect(serve(queue)).toEqual(['prepare', 'younger', 'backup 2']);
  });

  it('lets the next run of the same policy start although it has not ended', () => {
    const activity = 'backup/p1';
    const queue = queueOf(prepare({ activity }), backup(1, { activity }));
    expect([...queue.active.keys()]).toEqual([activity]);
    end(queue, 'backup 1', 'canceled');
    expect([...queue.active.keys()]).toEqual([]);
    expect(serve(queue)).toEqual(['prepare']);
  });
});
