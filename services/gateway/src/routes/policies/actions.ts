import {
  policyVariableProblems,
  schedulerCommands,
  SECRET_MASK,
  unmaskExtraVars,
  VM_PROVIDERS,
} from '@cyborgbackup/contracts';
import { AppError, createKeyedQueue } from '@cyborgbackup/kernel';
import { z } from 'zod';
import { endpoint, type ApiRequest, type Endpoint } from '../../http/core/endpoint.ts';
import { invalidFields } from '../../http/core/http-error.ts';
import { rowOfPath } from '../../http/resource/find-row.ts';
import { sources } from '../../lists/index.ts';
import type { GatewayDeps } from '../deps.ts';
import { startedJobSchema } from '../jobs/schema.ts';
import { startJob } from '../jobs/start-job.ts';
import { openTimesOfMonth } from './calendar.ts';
import { maskedExtraVars, openTimes } from './present.ts';
import type { PolicyRow } from '../../lists/sources/policies.ts';
import { launchPolicy } from './schema.ts';

/** The policy that the path names. @throws HttpError 404 */
const policyOf = ({ reader }: GatewayDeps, request: ApiRequest): Promise<PolicyRow> =>
  rowOfPath<PolicyRow>(reader, sources.policies, request);

/** The overriding variables of a launch as text, in the form that a policy has; null for none. */
const overrideText = (value: unknown): string | null => {
  if (value === undefined || value === null || value === '') return null;
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return text === '{}' ? null : text;
};

/**
 * The variables of this run, unmasked; null for the policy's own. A mask stands for the stored value, so that the answer to GET
 * can be sent back. @throws HttpError 400
 */
const override = async (deps: GatewayDeps, policy: PolicyRow, value: unknown): Promise<string | null> => {
  const sent = overrideText(value);
  if (sent === null) return null;
  const stored = (await deps.keys.open(policy.extra_vars)) ?? '';
  const { text, missing } = unmaskExtraVars(sent, stored);
  if (text === stored) return null;
  const unknown = missing.map((name) => `No value is stored for ${name}: send the value instead of ${SECRET_MASK}.`);
  const problems = [...unknown, ...policyVariableProblems(policy.policy_type, text)];
  if (problems.length > 0) throw invalidFields({ extra_vars: problems });
  return text;
};

/** One calendar of a caller at a time. */
const inTurn = createKeyedQueue();
const CALENDAR_TURN = {
  waitMillis: 10_000,
  timedOut: () => new AppError('rate-limited', 'You ask for many calendars at once: send fewer.'),
};

export const policyActions = (deps: GatewayDeps): readonly Endpoint[] => [
  endpoint({
    route: 'GET /api/v1/policies/:id/launch',
    access: 'user',
    summary: 'Retrieve what a launch of the policy may override',
    answers: z.object({ defaults: z.object({ verbosity: z.int(), extra_vars: z.string() }) }),
    handle: async (request) => {
      const reading = { keys: deps.keys, caller: request.caller() };
      const extraVars = await maskedExtraVars(reading, await policyOf(deps, request));
      return { body: { defaults: { verbosity: 0, extra_vars: extraVars } } };
    },
  }),
  endpoint({
    route: 'POST /api/v1/policies/:id/launch',
    access: 'superuser',
    summary: 'Launch a backup job based on the policy',
    body: launchPolicy,
    answers: startedJobSchema,
    handle: async (request) => {
      const policy = await policyOf(deps, request);
      const extra_vars = await override(deps, policy, request.body.extra_vars);
      return startJob(deps, schedulerCommands.launch, { policy: policy.id, run: request.ids.uuid, extra_vars }, 200);
    },
  }),
  endpoint({
    route: 'POST /api/v1/policies/:id/drill',
    access: 'superuser',
    summary: 'Prove now that the latest archives of the policy can be restored, by extracting some of their files',
    answers: startedJobSchema,
    success: 201,
    handle: async (request) => {
      const { id } = await policyOf(deps, request);
      return startJob(deps, schedulerCommands.drill, { policy: id, run: request.ids.uuid });
    },
  }),
  // Disabled policies and schedules have a calendar too. Occurrences in a blackout window are left out.
  endpoint({
    route: 'GET /api/v1/policies/:id/calendar',
    access: 'user',
    summary: 'Retrieve all times of a month, the current one unless told, at which the policy is due',
    query: z.object({ month: z.string().describe('YYYY-MM').optional() }),
    answers: z.array(z.string()),
    handle: async (request) => {
      const times = openTimes(await policyOf(deps, request));
      if (!times) return { body: [] };
      const month = request.query.get('month') ?? new Date(deps.clock.now()).toISOString().slice(0, 7);
      const { uuid } = request.caller();
      return { body: await inTurn(uuid, () => openTimesOfMonth(times, month, request.signal), CALENDAR_TURN) };
    },
  }),
];

/** Its path has to come before that of one policy. See docs/decisions/0014-no-queries-on-clients.md. */
export const vmProviders = endpoint({
  route: 'GET /api/v1/policies/vmmodule',
  access: 'user',
  summary: 'Retrieve a list of the providers of virtual machines, for policies of the type vm',
  answers: z.array(z.object({ module: z.string(), name: z.string(), extra_vars: z.string() })),
  handle: async () => ({
    body: Object.entries(VM_PROVIDERS).map(([module, name]) => ({ module, name, extra_vars: '{}' })),
  }),
});
