import { TERM_TO_KILL_MILLIS } from '@cyborgbackup/borg';
import { ACK_WAIT_MILLIS, HEARTBEATS_PER_ACK_WAIT } from '@cyborgbackup/messaging';

/**
 * When an attempt may start, and when the one before it has certainly ended.
 *
 * Only one executor may run borg for a job. The log decides which one: it appends `job-started` at the exact version of the
 * job's stream. An executor that was cut off cannot read that it lost the job, so time has to separate the two. Seconds after
 * the cut, with the numbers below:
 *
 *   cut off from NATS alone: it still reads the job's stream every 2 (`watchMillis`), and finds the other attempt, which waits for
 *   the fence of 7 (`fenceMillis`) after it is in the stream. Borg gets TERM, and KILL 4 later (`termToKillMillis`), so it is
 *   gone 6 after the other attempt was recorded.
 *
 *   cut off from NATS and PostgreSQL: it stops by itself after 10 (`blindMillis`), which it looks at every second
 *   (`tickMillis`), so borg is gone after 15. Meanwhile the queue delivers the message to another executor 15 (`ackWaitMillis`)
 *   after the last heartbeat. Heartbeats come every 5 (`heartbeatMillis`), so that is 10 after the cut or later. The other
 *   executor asks for 2 (`holderAnswerMillis`) who holds the job, and waits for the fence: its attempt starts 19 after the cut at
 *   the earliest.
 *
 * A message may also come sooner, and an executor that was paused does not notice time. So safety does not depend on these
 * numbers alone: leftover processes of an earlier attempt are ended before the first step on each host (borg/run-step.ts),
 * borg's own lock separates the two, and an attempt starts and removes nothing before the log has confirmed that the job is its
 * own (`assertOwnership`).
 *
 * timing.unit.test.ts moves each number and expects `assertTakeoverTiming` to fail.
 * See docs/decisions/0020-an-executor-stops-before-it-is-replaced.md.
 */
export const TAKEOVER_TIMING = {
  /** A message without a heartbeat for so long is delivered to another executor. */
  ackWaitMillis: ACK_WAIT_MILLIS,
  heartbeatMillis: ACK_WAIT_MILLIS / HEARTBEATS_PER_ACK_WAIT,
  /** An attempt continues so long while neither PostgreSQL nor NATS can be reached; longer than a restart of both takes. */
  blindMillis: 10_000,
  /** How exactly an attempt measures that. */
  tickMillis: 1_000,
  /** What a stopped borg gets to end by itself, before it is killed. */
  termToKillMillis: TERM_TO_KILL_MILLIS,
  /** How often a running job's stream is read. Cancel signals usually come first; this does not depend on them. */
  watchMillis: 2_000,
  /** How long an executor waits for another one to say that it holds a job. */
  holderAnswerMillis: 2_000,
  /** How long an attempt that takes a job over waits before it starts. */
  fenceMillis: 7_000,
};

export type TakeoverTiming = Readonly<typeof TAKEOVER_TIMING>;

/** @throws Error when two attempts of one job could run at the same time */
export const assertTakeoverTiming = (timing: TakeoverTiming): void => {
  const { ackWaitMillis, heartbeatMillis, holderAnswerMillis, watchMillis, termToKillMillis, fenceMillis } = timing;
  const endsAfter = timing.blindMillis + timing.tickMillis + termToKillMillis;
  const startsAfter = ackWaitMillis - heartbeatMillis + holderAnswerMillis + fenceMillis;
  if (endsAfter >= startsAfter) {
    throw new Error(
      `A job could run twice: an attempt that is cut off ends after ${endsAfter} ms, and the next one starts after ${startsAfter} ms.`,
    );
  }
  if (watchMillis + termToKillMillis >= fenceMillis) {
    throw new Error(
      `A job could run twice: an attempt that lost it ends ${watchMillis + termToKillMillis} ms later, and the fence is ${fenceMillis} ms.`,
    );
  }
};

assertTakeoverTiming(TAKEOVER_TIMING);
