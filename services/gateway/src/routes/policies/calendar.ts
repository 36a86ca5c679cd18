import { findBlackout, occurrencesOfMonth } from '@cyborgbackup/contracts';
import { z } from 'zod';
import type { GatewayDeps } from '../deps.ts';
import { endpoint, type Endpoint } from '../../http/core/endpoint.ts';
import { API_ROOT } from '../../http/core/representation.ts';
import { findPolicy } from './find-policy.ts';
import { openTimes } from './open-times.ts';

/** Whether anything is disabled plays no part here: this is when it would run. What lies in a blackout window is left out. */
export const calendarRoute = (deps: GatewayDeps): Endpoint =>
  endpoint({
    method: 'GET',
    path: `${API_ROOT}/policies/:id/calendar`,
    access: 'user',
    tag: 'policies',
    summary: 'Retrieve all times of a month, the current one unless told, at which the policy is due',
    query: z.object({ month: z.string().describe('YYYY-MM').optional() }),
    answers: z.array(z.string()),
    handle: async (request) => {
      const times = openTimes(await findPolicy(deps, request));
      if (!times) return { body: [] };
      const { crontab, timezone, blackouts } = times;
      const month = request.query.get('month') ?? new Date(deps.clock.now()).toISOString().slice(0, 7);
      const isOpen = (time: string): boolean => !findBlackout(blackouts, timezone, Date.parse(time));
      return { body: occurrencesOfMonth(crontab, timezone, month).filter(isOpen) };
    },
  });
