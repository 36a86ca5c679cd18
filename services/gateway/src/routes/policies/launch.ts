import { policyVariableProblems, schedulerCommands, SECRET_MASK, unmaskExtraVars } from '@cyborgbackup/contracts';
import { z } from 'zod';
import type { GatewayDeps } from '../deps.ts';
import { endpoint, type Endpoint } from '../../http/core/endpoint.ts';
import { invalidFields } from '../../http/core/http-error.ts';
import { API_ROOT } from '../../http/core/representation.ts';
import { startJob } from '../jobs/start-job.ts';
import { jobSchema } from '../jobs/schema.ts';
import { findPolicy } from './find-policy.ts';
import { shownExtraVars } from './present.ts';
import type { PolicyRow } from './query.ts';
import { launchPolicy } from './schema.ts';

const path = `${API_ROOT}/policies/:id/launch`;

/** What a launch may override, as the text that a policy has; null when nothing is overridden. */
const overrideText = (value: unknown): string | null => {
  if (value === undefined || value === null || value === '') return null;
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return text === '{}' ? null : text;
};

/**
 * The variables of this run, in clear; null for the policy's own. Masks stand for what the policy has, so that what GET
 * showed can be sent back. @throws HttpError 400
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

export const launchRoutes = (deps: GatewayDeps): readonly Endpoint[] => [
  endpoint({
    method: 'GET',
    path,
    access: 'user',
    tag: 'policies',
    summary: 'Retrieve what a launch of the policy may override',
    answers: z.object({ defaults: z.object({ verbosity: z.int(), extra_vars: z.string() }) }),
    handle: async (request) => {
      const extraVars = await shownExtraVars(deps.keys, await findPolicy(deps, request));
      return { body: { defaults: { verbosity: 0, extra_vars: extraVars } } };
    },
  }),
  endpoint({
    method: 'POST',
    path,
    access: 'superuser',
    tag: 'policies',
    summary: 'Launch a backup job based on the policy',
    body: launchPolicy,
    answers: z.object({ job: z.int(), ...jobSchema.shape }),
    handle: async (request) => {
      const policy = await findPolicy(deps, request);
      const extra_vars = await override(deps, policy, request.body.extra_vars);
      const asked = { policy: policy.id, run: request.ids.uuid, extra_vars };
      return startJob(deps, schedulerCommands.launch, asked, 200);
    },
  }),
];
