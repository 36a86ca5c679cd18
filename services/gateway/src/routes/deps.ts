import type { SubjectKeys } from '@cyborgbackup/event-store';
import type { ByteStreamContract, Rpc } from '@cyborgbackup/contracts';
import type { Clock, Logger } from '@cyborgbackup/kernel';
import type { Readable } from 'node:stream';
import type { z } from 'zod';
import type { Reader } from '../db/reader.ts';
import type { Passwords } from '../auth/passwords.ts';
import type { Sessions } from '../auth/sessions.ts';
import type { JobNews } from '../db/job-change-feed.ts';
import type { ProjectionName } from '../backend/settle.ts';

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
  /** False when a write cannot be read yet after the time allowed. */
  settle(projection: ProjectionName, position: string | null): Promise<boolean>;
}
