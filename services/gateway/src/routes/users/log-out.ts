import { sessionCommands } from '@cyborgbackup/contracts';
import { z } from 'zod';
import type { GatewayDeps } from '../deps.ts';
import { endpoint, type ApiAnswer, type Endpoint } from '../../http/core/endpoint.ts';
import { noSuch } from '../../http/core/http-error.ts';
import { idParameter } from '../../http/resource/find-row.ts';

const answers = z.object({ revoked: z.int().describe('How many sessions that ended.') });

/** Makes the access and refresh tokens of all log-ins void; personal API tokens stay valid. */
const logOut = async (deps: GatewayDeps, user: string): Promise<ApiAnswer> => {
  const { revoked, position } = await deps.call(sessionCommands.revokeAll, { user });
  await deps.waitForProjection('inventory', position);
  return { body: { revoked } };
};

export const logOutRoutes = (deps: GatewayDeps): readonly Endpoint[] => [
  endpoint({
    route: 'POST /api/v1/me/logout_everywhere',
    access: 'user',
    token: 'never',
    summary: 'End all sessions of the current user: their access and refresh tokens are void at once',
    answers,
    handle: (request) => logOut(deps, request.caller().uuid),
  }),
  endpoint({
    route: 'POST /api/v1/users/:id/logout_everywhere',
    access: 'superuser',
    token: 'never',
    summary: 'End all sessions of the user: their access and refresh tokens are void at once',
    answers,
    handle: async (request) => {
      const id = idParameter(request, 'User');
      const user = await deps.reader.row<{ uuid: string }>('select uuid from inventory.users where id = $1', [id]);
      if (!user) throw noSuch('User');
      return logOut(deps, user.uuid);
    },
  }),
];
