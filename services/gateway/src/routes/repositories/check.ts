import { schedulerCommands } from '@cyborgbackup/contracts';
import { z } from 'zod';
import type { GatewayDeps } from '../deps.ts';
import { endpoint, type Endpoint } from '../../http/core/endpoint.ts';
import { API_ROOT } from '../../http/core/representation.ts';
import { jobSchema } from '../jobs/schema.ts';
import { startJob } from '../jobs/start-job.ts';
import { repositoryOf } from './find-repository.ts';

export const checkRoute = (deps: GatewayDeps): Endpoint =>
  endpoint({
    method: 'POST',
    path: `${API_ROOT}/repositories/:id/check`,
    access: 'superuser',
    tag: 'repositories',
    summary: 'Check the repository now; with `verify_data` everything in it is read and verified',
    body: z.object({ verify_data: z.boolean().default(false) }),
    answers: z.object({ job: z.int(), ...jobSchema.shape }),
    success: 201,
    handle: async (request) => {
      const { id } = await repositoryOf(deps, request);
      const { verify_data } = request.body;
      const asked = { repository: id, run: request.ids.uuid, verify_data };
      return startJob(deps, schedulerCommands.checkRepository, asked);
    },
  });
