import { userCommands } from '@cyborgbackup/contracts';
import type { z } from 'zod';
import type { GatewayDeps } from '../deps.ts';
import { endpoint, type ApiRequest, type Endpoint } from '../../http/core/endpoint.ts';
import { forbidden } from '../../http/core/http-error.ts';
import { answerList, listSchema } from '../../http/lists/list-endpoint.ts';
import { sources } from '../../lists/index.ts';
import { API_ROOT } from '../../http/core/representation.ts';
import { resourceEndpoints } from '../../http/resource/resource.ts';
import { logOutRoutes } from './log-out.ts';
import { presentUser } from './present.ts';
import { userSource, type UserRow } from './query.ts';
import { changeUser, createUser, replaceUser, userSchema } from './schema.ts';

type Change = z.output<typeof changeUser>;

/** Ordinary users change themselves only, and not what they may do. */
const checkMayChange = (row: UserRow, changes: Change, request: ApiRequest): void => {
  const caller = request.caller();
  if (caller.isSuperuser) return;
  if (row.uuid !== caller.uuid || (changes.is_superuser ?? row.is_superuser) !== row.is_superuser) throw forbidden();
};

const passwordPart = async (
  { passwords }: GatewayDeps,
  password: string | undefined,
): Promise<{ password_hash?: string }> => (password ? { password_hash: await passwords.hash(password) } : {});

/** Who changes themselves gets a fresh access token: a new password makes the one they came with void. */
const freshToken = async (deps: GatewayDeps, row: UserRow, request: ApiRequest): Promise<Record<string, string>> => {
  const { uuid, id, session } = request.caller();
  if (row.uuid !== uuid || session === undefined) return {};
  const token = await deps.sessions.freshAccess(id, session);
  return token === undefined ? {} : { 'X-Token': token };
};

const crud = (deps: GatewayDeps): readonly Endpoint[] =>
  resourceEndpoints<UserRow, typeof createUser, typeof changeUser>(
    {
      label: 'User',
      collection: 'users',
      source: userSource,
      representation: userSchema,
      create: createUser,
      replace: replaceUser,
      change: changeUser,
      changeAccess: 'user',
      present: async (row) => presentUser(row),
      register: async ({ password, ...fields }, { ids }) =>
        deps.call(userCommands.register, { ...ids, ...fields, password_hash: await deps.passwords.hash(password) }),
      update: async (target, body, { row, request }) => {
        checkMayChange(row, body, request);
        const { password, ...changes } = body;
        return deps.call(userCommands.change, { ...target, changes, ...(await passwordPart(deps, password)) });
      },
      remove: (target) => deps.call(userCommands.remove, target),
      changedHeaders: (row, request) => freshToken(deps, row, request),
    },
    deps,
  );

/** The caller, as a list of one. */
const me = (deps: GatewayDeps): Endpoint =>
  endpoint({
    method: 'GET',
    path: `${API_ROOT}/me`,
    access: 'user',
    tag: 'me',
    summary: 'Retrieve information about the current logged user',
    answers: listSchema(userSchema),
    handle: (request) =>
      answerList<UserRow>(deps.reader, request, {
        list: sources.users,
        source: userSource,
        scope: { uuid: request.caller().uuid },
        present: presentUser,
      }),
  });

export const userRoutes = (deps: GatewayDeps): readonly Endpoint[] => [...crud(deps), me(deps), ...logOutRoutes(deps)];
