import { POLICY_DEFAULTS, type RunRequested } from '@cyborgbackup/contracts';

/** Borg reports progress several times a second; a dump or a hook may think for a while. */
const IDLE_SECONDS = 3_600;

export interface AttemptLimits {
  /** For reaching a host and logging in. */
  readonly connectTimeoutMillis: number;
  /** For silence of borg, a dump or a hook. */
  readonly idleTimeoutMillis: number;
  /** For the whole attempt, in seconds; null = no limit. */
  readonly totalTimeout: number | null;
  /** How often the job is tried for the sake of its connections. */
  readonly maxAttempts: number;
}

/** What the run's policy allows; where it says nothing, and for a run without policy, what suits most. */
export const attemptLimits = ({ policy }: RunRequested, connectTimeoutMillis: number): AttemptLimits => {
  const { connect_timeout, idle_timeout, total_timeout, max_attempts } = policy ?? POLICY_DEFAULTS;
  return {
    connectTimeoutMillis: connect_timeout === null ? connectTimeoutMillis : connect_timeout * 1000,
    idleTimeoutMillis: (idle_timeout ?? IDLE_SECONDS) * 1000,
    totalTimeout: total_timeout,
    maxAttempts: max_attempts,
  };
};
