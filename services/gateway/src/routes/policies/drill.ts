import { schedulerCommands } from '@cyborgbackup/contracts';
import { z } from 'zod';
import type { GatewayDeps } from '../deps.ts';
import { endpoint, type Endpoint } from '../../http/core/endpoint.ts';
import { API_ROOT } from '../../http/core/representation.ts';
import { jobSchema } from '../jobs/schema.ts';
import { startJob } from '../jobs/start-job.ts';
import { findPolicy } from './find-policy.ts';

export const drillRoute = (deps: GatewayDeps): Endpoint =>
  endpoint({
    method: 'POST',
    path: `${API_ROOT}/policies/:id/drill`,
    access: 'superuser',
    tag: 'policies',
    summary: 'Prove now that the latest archives of the policy can be restored, by extracting some of their files',
    answers: z.object({ job: z.int(), ...jobSchema.shape }),
    success: 201,
    handle: async (request) => {
      const { id } = await findPolicy(deps, request);
      return startJob(deps, schedulerCommands.drill, { policy: id, run: request.ids.uuid });
    },
  });
