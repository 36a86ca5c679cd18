import type { Logger } from '@cyborgbackup/kernel';
import type { Check, RunningService } from './running-service.ts';

const LOOK_MILLIS = 10_000;
/** Anybody may ask, as often as they like: the database is not. */
const SHARED_MILLIS = 1_000;

export interface Readiness {
  readonly checks: RunningService['checks'];
  readonly stop: () => void;
}

const reasonsOf = (checks: readonly Check[]): string =>
  checks.flatMap(({ name, ready, detail }) => (ready ? [] : [`${name}: ${detail ?? 'not ready'}`])).join(' ');

/** Answers whether a process is ready, and has the log say why it is not any more, whether somebody asks or not. */
export const watchReadiness = (checks: RunningService['checks'], logger: Logger): Readiness => {
  let latest: { readonly at: number; readonly answer: Promise<readonly Check[]> } | undefined;
  let known = '';

  const look = async (): Promise<readonly Check[]> => {
    const all = await checks();
    const reasons = reasonsOf(all);
    if (reasons === known) return all;
    known = reasons;
    if (reasons === '') logger.info('ready');
    else logger.error({ reasons }, 'not ready');
    return all;
  };

  const shared = (): Promise<readonly Check[]> => {
    if (!latest || performance.now() - latest.at > SHARED_MILLIS) latest = { at: performance.now(), answer: look() };
    return latest.answer;
  };
  const timer = setInterval(() => void shared(), LOOK_MILLIS);
  return { checks: shared, stop: () => clearInterval(timer) };
};
