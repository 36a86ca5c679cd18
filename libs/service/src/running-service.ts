/** One part of a service's readiness. */
export interface Check {
  readonly name: string;
  readonly ready: boolean;
  /** What to do, when it is not. */
  readonly detail?: string;
}

/** A service that was started. */
export interface RunningService {
  /** Whether it can do its work right now. Never throws. */
  checks(): Promise<readonly Check[]>;
  /** Drains and stops; resolves when nothing of it runs any more. */
  stop(): Promise<void>;
}
