import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { lost } from '../testing/job-events.ts';
import { decide, end, job, metadata, PAUSE, queueOf, serve, start, UNLIMITED } from '../testing/queue-play.ts';
import { decideGrants, MAX_HANDED_OUT } from './decide-grants.ts';
import { evolveQueue } from './evolve-queue.ts';
import { outcomeOfFailedDependency } from './failed-dependency.ts';
import type { Queue } from './queue.ts';
import { createEntry, type QueuedJob } from './queue-entry.ts';

describe('decideGrants', () => {
  it('grants a repository and a client to one job at a time', () => {
    const queue = queueOf(
      job('a', { repository: 'r1', client: 'c1' }),
      job('b', { repository: 'r1', client: 'c2' }),
      job('c', { repository: 'r2', client: 'c1' }),
      job('d', { repository: 'r2', client: 'c2' }),
    );
    expect(decide(queue)).toEqual(['granted a', 'granted d']);
    expect(decide(queue)).toEqual([]);
    end(queue, 'a');
    // Its repository is free for b and its client for c, but each of them also needs what d has.
    expect(decide(queue)).toEqual([]);
    end(queue, 'd');
    expect(decide(queue)).toEqual(['granted b', 'granted c']);
  });

  it('grants the preparation of clients beside a backup into the same repository', () => {
    const queue = queueOf(
      job('backup', { repository: 'r', client: 'c1' }),
      job('check', { job_type: 'check', client: 'c2' }),
    );
    expect(decide(queue)).toEqual(['granted backup', 'granted check']);
  });

  it('grants a job when all its dependencies have succeeded', () => {
    const run = 'one run';
    const queue = queueOf(
      job('check', { run, repository: 'r' }),
      job('prepare', { run, client: 'c' }),
      job('backup', { run, repository: 'r', client: 'c', needs: ['check', 'prepare'] }),
    );
    expect(decide(queue)).toEqual(['granted check', 'granted prepare']);
    end(queue, 'prepare');
    expect(decide(queue)).toEqual([]);
    end(queue, 'check');
    expect(decide(queue)).toEqual(['granted backup']);
  });

  it('records a job as ready that is not granted at once', () => {
    const run = 'one run';
    const queue = queueOf(
      job('check', { run, repository: 'r' }),
      job('prepare', { run, client: 'c' }),
      job('backup', { run, client: 'c', needs: ['check'] }),
    );
    expect(decide(queue)).toEqual(['granted check', 'granted prepare']);
    end(queue, 'check');
    expect(decide(queue)).toEqual(['ready backup']);
    end(queue, 'prepare');
    expect(decide(queue)).toEqual(['granted backup']);
  });

  it('grants jobs launched by a user before scheduled ones, and older ones before younger ones', () => {
    const queue = queueOf(
      job('scheduled', { repository: 'r' }),
      job('manual', { repository: 'r', manual: true, policy: 'q' }),
      job('later', { repository: 'r', manual: true, policy: 'q' }),
    );
    expect(serve(queue)).toEqual(['manual', 'later', 'scheduled']);
  });

  it('shares a repository fairly between policies', () => {
    const queue = queueOf(
      ...['a1', 'a2', 'a3', 'a4'].map((uuid) => job(uuid, { repository: 'r', policy: 'a' })),
      ...['b1', 'b2'].map((uuid) => job(uuid, { repository: 'r', policy: 'b' })),
    );
    expect(serve(queue)).toEqual(['a1', 'b1', 'a2', 'b2', 'a3', 'a4']);
  });

  it('grants what the limit leaves to the policy that holds the fewest grants', () => {
    const queue = queueOf(
      ...['a1', 'a2', 'a3'].map((uuid) => job(uuid, { client: uuid, policy: 'a' })),
      ...['b1', 'b2'].map((uuid) => job(uuid, { client: uuid, policy: 'b' })),
    );
    const limits = { maxRunning: 3, maxEvents: 500 };
    expect(decide(queue, limits)).toEqual(['granted a1', 'granted b1', 'granted a2']);
    end(queue, 'a1');
    end(queue, 'a2');
    expect(decide(queue, limits)).toEqual(['granted a3', 'granted b2']);
  });

  it('grants nothing to a job that was canceled while its client was busy', () => {
    const queue = queueOf(job('a', { repository: 'r1', client: 'c' }), job('b', { repository: 'r2', client: 'c' }));
    expect(decide(queue)).toEqual(['granted a']);
    end(queue, 'b', 'canceled');
    end(queue, 'a');
    expect(decide(queue)).toEqual([]);
    expect(queue.entries.size).toBe(0);
  });

  it('decides in parts when there is more than fits into one append', () => {
    const queue = queueOf(...['a', 'b', 'c'].map((uuid) => job(uuid, { client: uuid })));
    const limits = { maxRunning: 0, maxEvents: 2 };
    expect([decide(queue, limits), decide(queue, limits), decide(queue, limits)]).toEqual([
      ['granted a', 'granted b'],
      ['granted c'],
      [],
    ]);
  });

  it('grants no more jobs than the executors start', () => {
    const names = Array.from({ length: MAX_HANDED_OUT + 4 }, (_, n) => `j${n}`);
    const queue = queueOf(...names.map((uuid) => job(uuid, { client: uuid })));
    expect(decide(queue)).toHaveLength(MAX_HANDED_OUT);
    start(queue, 'j0');
    expect(decide(queue)).toEqual([`granted j${MAX_HANDED_OUT}`]);
    // It is handed over, so another executor has to start it.
    evolveQueue(queue, { ...lost('j0', 'The executor was stopped.'), version: 1, metadata });
    end(queue, 'j1', 'canceled');
    expect(decide(queue)).toEqual([]);
    start(queue, 'j0');
    expect(decide(queue)).toEqual([`granted j${MAX_HANDED_OUT + 1}`]);
  });

  it('grants a job launched by a user before all that wait for executors', () => {
    const names = Array.from({ length: MAX_HANDED_OUT + 1 }, (_, n) => `j${n}`);
    const queue = queueOf(
      ...names.map((uuid) => job(uuid, { client: uuid })),
      job('by hand', { client: 'c', manual: true, policy: 'q' }),
    );
    expect(decide(queue)[0]).toBe('granted by hand');
  });

  it('folds its own events once, although they come back by the log', () => {
    const queue = queueOf(job('a', { client: 'c' }));
    const [decided] = decideGrants(queue, UNLIMITED);
    evolveQueue(queue, { ...decided!.event, version: 1, metadata });
    expect([queue.granted, queue.version]).toEqual([1, 1]);
  });
});

const endPause = (queue: Queue): void =>
  evolveQueue(queue, { type: 'job-pause-ended', data: { job: 'off', attempt: 1 }, version: 1, metadata });

const onRepository = (count: number, repository: string): readonly QueuedJob[] =>
  Array.from({ length: count }, (_, n) => job(`${repository}-${n}`, { repository, client: `${repository}-${n}` }));

/**
 * Serves jobs of two repositories beside one of r1 that succeeds at its last attempt; an attempt takes one tick. When the last of
 * the others ended, and how many ticks that one waited for its next attempt after each pause.
 */
const playTicks = (first: number, second: number, off: { attempts: number; pauseTicks: number }) => {
  const queue = queueOf(job('off', { repository: 'r1' }), ...onRepository(first, 'r1'), ...onRepository(second, 'r2'));
  const waits: number[] = [];
  let [attempt, dueAt, othersEnd] = [0, 0, 0];
  const tryOff = (tick: number): void => {
    waits.push(tick - dueAt);
    attempt += 1;
    dueAt = tick + 1 + off.pauseTicks;
    if (attempt === off.attempts) end(queue, 'off');
    else evolveQueue(queue, { ...lost('off', 'x', PAUSE), version: 1, metadata });
  };
  for (let tick = 0; queue.entries.size > 0; tick += 1) {
    expect(tick).toBeLessThan(200);
    if (tick >= dueAt) endPause(queue);
    const granted = decide(queue).filter((line) => line.startsWith('granted'));
    for (const uuid of granted.map((line) => line.slice('granted '.length))) {
      start(queue, uuid);
      if (uuid === 'off') tryOff(tick);
      else {
        end(queue, uuid);
        othersEnd = tick + 1;
      }
    }
  }
  return { othersEnd, waits };
};

describe('a job that pauses', () => {
  const limits = { maxRunning: 1, maxEvents: 500 };
  const pausing = (): Queue => {
    const queue = queueOf(
      job('off', { repository: 'r', client: 'c' }),
      job('same repository', { repository: 'r' }),
      job('same client', { client: 'c' }),
      job('next', { repository: 'r2' }),
      job('last', { repository: 'r3' }),
    );
    expect(decide(queue, limits)).toEqual(['granted off']);
    start(queue, 'off');
    expect(decide(queue, limits)).toEqual([]);
    evolveQueue(queue, { ...lost('off', 'The host is off.', PAUSE), version: 1, metadata });
    return queue;
  };

  it('frees its repository and its client, and takes its former place when the pause is over', () => {
    const queue = pausing();
    expect(decide(queue, limits)).toEqual(['granted same repository']);
    end(queue, 'same repository');
    endPause(queue);
    // The oldest one again.
    expect(decide(queue, limits)).toEqual(['granted off']);
    start(queue, 'off');
    end(queue, 'off');
    expect(decide(queue, limits)).toEqual(['granted same client']);
  });

  it('is granted again by another grant', () => {
    const queue = pausing();
    endPause(queue);
    expect(decide(queue, limits)).toEqual(['granted off']);
  });

  it('holds nothing once it ends in its pause', () => {
    const queue = pausing();
    end(queue, 'off', 'canceled');
    expect(decide(queue, limits)).toEqual(['granted same repository']);
    endPause(queue);
    expect(decide(queue, limits)).toEqual([]);
    expect(queue.pausing.size).toBe(0);
  });

  it('delays others by its attempts alone, and is delayed itself by the job before it alone', () => {
    const length = fc.integer({ min: 0, max: 6 });
    fc.assert(
      fc.property(length, length, fc.integer({ min: 1, max: 5 }), fc.nat(9), (first, second, attempts, pauseTicks) => {
        const { othersEnd, waits } = playTicks(first, second, { attempts, pauseTicks });
        expect(othersEnd).toBeLessThanOrEqual(Math.max(first + attempts, second));
        expect(Math.max(0, ...waits)).toBeLessThanOrEqual(1);
      }),
    );
  });
});

describe('outcomeOfFailedDependency', () => {
  const need = (name: string, jobType: string, ended: 'failed' | 'error' | 'canceled') => ({
    uuid: name,
    name,
    job_type: jobType,
    end: ended,
    reason: 'Broken.',
  });
  const follower = createEntry(job('follower'));

  it.each([
    [
      'fails with its preparation',
      need('Prepare Client x', 'check', 'failed'),
      'fail',
      '"Prepare Client x" failed: Broken.',
    ],
    ['fails with a broken preparation', need('Prepare', 'check', 'error'), 'fail', '"Prepare" failed: Broken.'],
    [
      'is skipped after a canceled preparation',
      need('Prepare', 'check', 'canceled'),
      'skip',
      'Skipped: "Prepare" was canceled.',
    ],
    ['is skipped after a failed backup', need('Backup', 'job', 'failed'), 'skip', 'Skipped: "Backup" failed.'],
    [
      'is skipped for the reason that what comes before it was',
      { ...need('Catalog', 'catalog', 'canceled'), reason: 'Skipped: "Backup" failed.' },
      'skip',
      'Skipped: "Backup" failed.',
    ],
  ])('says that a job %s', (_name, ended, type, reason) => {
    expect(outcomeOfFailedDependency(follower, ended)).toEqual({ type, job: 'follower', reason });
  });
});
