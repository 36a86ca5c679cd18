import { MAX_CLOCK_DIFFERENCE_SETTING } from '@cyborgbackup/contracts';
import { JobFailure } from '../job/job-failure.ts';
import type { ConnectionDeps } from '../job/job-context.ts';
import { maxClockDifference } from './secrets.ts';

/*
 * An archive has the time of the clock of the host that made it, and files have that of their host. Retention goes by neither, but
 * people do, and a restore with `newer`.
 */

/** From here on a difference is told. */
const TOLD_SECONDS = 60;

/**
 * Seconds that a host's clock is ahead of ours; negative when it is behind. 0 while the time it took to ask explains the difference.
 * @param epoch what the host said, in whole seconds; undefined when it said nothing that can be understood
 * @param asked milliseconds since the epoch, by our clock, before and after
 */
export const clockDifference = (
  epoch: string | undefined,
  asked: { readonly from: number; readonly to: number },
): number => {
  if (epoch === undefined || !/^\d{1,12}$/.test(epoch)) return 0;
  const theirs = Number(epoch);
  if (theirs > asked.to / 1000) return Math.round(theirs - asked.to / 1000);
  return Math.min(0, Math.round(theirs + 1 - asked.from / 1000));
};

const describe = (host: string, seconds: number): string =>
  `The clock of ${host} is ${Math.abs(seconds)} s ${seconds > 0 ? 'ahead of' : 'behind'} the control plane's`;

/** Adds a sentence to the job's output about a clock that is more than a minute off. */
export const tellClockDifference = (
  host: string,
  seconds: number,
  { warn }: { readonly warn?: (text: string) => void },
): void => {
  if (Math.abs(seconds) > TOLD_SECONDS) {
    warn?.(
      `${describe(host, seconds)}: the times of its archives and files are off by as much. Let it run an NTP client.`,
    );
  }
};

/** @throws JobFailure for a clock that is further off than the setting allows */
export const refuseClockDifference = async (
  { deps }: Pick<ConnectionDeps, 'deps'>,
  { hostname, seconds }: { readonly hostname: string; readonly seconds: number },
): Promise<void> => {
  // Nearly always: the setting is in the log, and need not be read.
  if (seconds === 0) return;
  const limit = await maxClockDifference(deps);
  if (limit === 0 || Math.abs(seconds) <= limit) return;
  throw new JobFailure(
    `${describe(hostname, seconds)}, and the setting ${MAX_CLOCK_DIFFERENCE_SETTING} allows ${limit} s. ` +
      'Set its clock, for example by an NTP client, or allow more.',
  );
};
