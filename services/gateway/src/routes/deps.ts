import type { SubjectKeys } from '@cyborgbackup/event-store';
import type { Clock, Logger } from '@cyborgbackup/kernel';
import type { Passwords } from '../auth/passwords.ts';
import type { Sessions } from '../auth/sessions.ts';
import type { Call, OpenStream, WaitForProjection } from '../backend/calls.ts';
import type { JobChangeFeed } from '../db/job-change-feed.ts';
import type { Reader } from '../db/reader.ts';

/** The services that the handlers of requests work with. */
export interface GatewayDeps {
  readonly reader: Reader;
  readonly keys: SubjectKeys;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly sessions: Sessions;
  readonly passwords: Passwords;
  readonly call: Call;
  readonly openStream: OpenStream;
  /** For streams: when there is something new to read about a job. */
  readonly jobChanges: JobChangeFeed;
  readonly waitForProjection: WaitForProjection;
}
