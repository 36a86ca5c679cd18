import type { SubjectKeys } from '@cyborgbackup/event-store';
import type { ByteStreamContract, Rpc } from '@cyborgbackup/contracts';
import type { Clock, Logger } from '@cyborgbackup/kernel';
import type { Readable } from 'node:stream';
import type { z } from 'zod';
import type { Reader } from '../read/reader.ts';
import type { Passwords } from '../auth/passwords.ts';
import type { Sessions } from '../auth/sessions.ts';
import type { JobNews } from '../read/job-news.ts';

/** What a client is told when `waitForProjection` answers false. */
export const NOT_YET_VISIBLE =
  'The change is recorded, but the read models lag behind: it will show up without a further request.';

export interface CallOptions {
  /** How long the answer may take; five seconds unless told. */
  readonly deadlineMillis?: number;
}

/** What handlers work with. */
export interface GatewayDeps {
  readonly reader: Reader;
  readonly keys: SubjectKeys;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly sessions: Sessions;
  readonly passwords: Passwords;
  /** One call to a service, as its contract has it. */
  call<Input extends z.ZodType, Output extends z.ZodType>(
    rpc: Rpc<Input, Output>,
    input: z.input<Input>,
    options?: CallOptions,
  ): Promise<z.output<Output>>;
  /** Bytes from a service, as its contract has them, until the signal fires. @throws AppError why there are none */
  openStream<Input extends z.ZodType, Head extends z.ZodType>(
    contract: ByteStreamContract<Input, Head>,
    input: z.input<Input>,
    signal: AbortSignal,
  ): Promise<Readable>;
  /** For streams: when there is something new to read about a job. */
  readonly jobNews: JobNews;
  /** Waits until reads show what was written at this position: true; false when they do not within five seconds. */
  waitForProjection(projection: 'inventory' | 'scheduler', position: string | null): Promise<boolean>;
}
