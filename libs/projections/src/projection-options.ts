import type { EventCodec, EventStore } from '@cyborgbackup/event-store';
import type { Logger } from '@cyborgbackup/kernel';
import type { Pool } from 'pg';
import type { Projection } from './projection.ts';

/** What keeping, rebuilding and comparing a projection all need. */
export interface ProjectionOptions {
  /** Connects as a role that owns the projection's schema, see `installProjections`. One connection is held. */
  readonly pool: Pool;
  readonly store: EventStore;
  readonly codec: EventCodec;
  readonly projection: Projection;
  /** Names this runner; unique among all that run now, so not just a host name. */
  readonly owner: string;
  readonly logger: Logger;
  /** Finishes the page at hand, gives the lease back and ends. */
  readonly signal: AbortSignal;
}
