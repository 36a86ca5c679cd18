import { schedulerCommands } from '@cyborgbackup/contracts';
import { z } from 'zod';
import type { GatewayDeps } from '../../http/deps.ts';
import { endpoint, type Endpoint } from '../../http/endpoint.ts';
import { API_ROOT } from '../../http/representation.ts';
import { idParameter } from '../../http/id-parameter.ts';
import { startedJob } from '../jobs/started-job.ts';
import { jobSchema } from '../jobs/schema.ts';
import { findPolicy } from './find-policy.ts';
import { shownExtraVars } from './present.ts';
import { launchPolicy } from './schema.ts';

const path = `${API_ROOT}/policies/:id/launch`;

/** What a launch may override, as the text that a policy has; null when nothing is overridden. */
const override = (value: unknown): string | null => {
  if (value === undefined || value === null || value === '') return null;
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return text === '{}' ? null : text;
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
      const { job, position } = await deps.call(schedulerCommands.launch, {
        policy: idParameter(request, 'Policy'),
        run: request.ids.uuid,
        extra_vars: override(request.body.extra_vars),
      });
      return startedJob(deps, { job, position });
    },
  }),
];
