import { readSql } from '@cyborgbackup/database';
import { z } from 'zod';
import type { GatewayDeps } from '../deps.ts';
import { endpoint, type Endpoint } from '../../http/core/endpoint.ts';

const DAYS = 30;
const DAY_MILLIS = 24 * 60 * 60_000;

const PER_DAY = readSql(new URL('./per-day.sql', import.meta.url));

const dayStats = z.object({
  date: z.string(),
  /** Bytes. */
  size: z.int(),
  dedup: z.int(),
  success: z.int(),
  failed: z.int(),
});

/** Midnight, UTC, of the first of the last 30 days. */
const firstDay = (now: number): string =>
  new Date((Math.floor(now / DAY_MILLIS) - DAYS + 1) * DAY_MILLIS).toISOString();

export const statsRoute = (deps: GatewayDeps): Endpoint =>
  endpoint({
    route: 'GET /api/v1/stats',
    access: 'user',
    summary: 'Retrieve what was backed up on each of the last 30 days that had a backup',
    isCostly: true,
    answers: z.array(dayStats),
    handle: async () => ({ body: await deps.reader.rows(PER_DAY, [firstDay(deps.clock.now())]) }),
  });
