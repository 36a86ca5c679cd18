import { sessionCommands, userCommands } from '@cyborgbackup/contracts';
import { z } from 'zod';
import type { LogIn } from '../../auth/log-in.ts';
import { endpoint, type ApiAnswer, type ApiRequest, type Endpoint } from '../../http/core/endpoint.ts';
import { forbidden, invalidFields } from '../../http/core/http-error.ts';
import { linksOf, represent } from '../../http/core/representation.ts';
import { answerList, listSchema } from '../../http/lists/list-endpoint.ts';
import { rowOfPath } from '../../http/resource/find-row.ts';
import { resourceEndpoints } from '../../http/resource/resource.ts';
import { sources } from '../../lists/index.ts';
import type { GatewayDeps } from '../deps.ts';
import type { UserRow } from '../../lists/sources/users.ts';
import { changeUser, createUser, replaceUser, userSchema } from './schema.ts';

export const presentUser = (row: UserRow): object =>
  represent(userSchema, { ...row, ...linksOf(row, { collection: 'users' }) });

/** Ordinary users may change themselves only, except for `is_superuser`. */
const checkMayChange = (row: UserRow, changes: z.output<typeof changeUser>, request: ApiRequest): void => {
  const caller = request.caller();
  if (caller.isSuperuser) return;
  if (row.uuid !== caller.uuid || (changes.is_superuser ?? row.is_superuser) !== row.is_superuser) throw forbidden();
};

/**
 * Whoever found a session open must not get the account with it. A guess counts as any other: see the guard of log-ins.
 * @throws HttpError 400, or 429 after too many guesses
 */
const checkCurrentPassword = async (
  logIn: LogIn,
  { email, uuid }: UserRow,
  { address, password }: { readonly address: string; readonly password: string | undefined },
): Promise<void> => {
  if (password === undefined || password === '') {
    throw invalidFields({ current_password: ['Send your current password as well to choose another one.'] });
  }
  const account = await logIn({ email, password, address });
  if (account?.uuid !== uuid) throw invalidFields({ current_password: ['This is not your current password.'] });
};

/** Users who change themselves get a new access token: a new password makes the one of the request void. */
const newAccessToken = async (
  deps: GatewayDeps,
  row: UserRow,
  request: ApiRequest,
): Promise<Record<string, string>> => {
  const { uuid, id, session } = request.caller();
  if (row.uuid !== uuid || session === undefined) return {};
  const token = await deps.sessions.freshAccess(id, session);
  return token === undefined ? {} : { 'X-Token': token };
};

const crud = (deps: GatewayDeps, logIn: LogIn): readonly Endpoint[] =>
  resourceEndpoints(
    {
      collection: 'users',
      representation: userSchema,
      create: createUser,
      replace: replaceUser,
      change: changeUser,
      changeAccess: 'user',
      token: 'never',
      present: presentUser,
      register: async ({ password, ...fields }, { ids }) =>
        deps.call(userCommands.register, { ...ids, ...fields, password_hash: await deps.passwords.hash(password) }),
      update: async (target, { password, current_password: current, ...changes }, { row, request }) => {
        checkMayChange(row, changes, request);
        if (password && row.uuid === request.caller().uuid) {
          await checkCurrentPassword(logIn, row, { address: request.address, password: current });
        }
        const hashed = password ? { password_hash: await deps.passwords.hash(password) } : {};
        return deps.call(userCommands.change, { ...target, changes, ...hashed });
      },
      remove: (target) => deps.call(userCommands.remove, target),
      changedHeaders: (row, request) => newAccessToken(deps, row, request),
    },
    deps,
  );

/** The caller, as a list of one. */
const me = (deps: GatewayDeps): Endpoint =>
  endpoint({
    route: 'GET /api/v1/me',
    access: 'user',
    summary: 'Retrieve information about the current logged user',
    isCostly: false,
    answers: listSchema(userSchema),
    handle: (request) =>
      answerList<UserRow>(deps.reader, request, {
        list: sources.users,
        scope: { uuid: request.caller().uuid },
        present: presentUser,
      }),
  });

const loggedOut = z.object({ revoked: z.int().describe('How many sessions that ended.') });

/** Makes the access and refresh tokens of all log-ins void; personal API tokens stay valid. */
const logOut = async (deps: GatewayDeps, user: string): Promise<ApiAnswer> => {
  const { revoked, position } = await deps.call(sessionCommands.revokeAll, { user });
  await deps.waitForProjection('inventory', position);
  return { body: { revoked } };
};

const logOutRoutes = (deps: GatewayDeps): readonly Endpoint[] => [
  endpoint({
    route: 'POST /api/v1/me/logout_everywhere',
    access: 'user',
    token: 'never',
    summary: 'End all sessions of the current user: their access and refresh tokens are void at once',
    answers: loggedOut,
    handle: (request) => logOut(deps, request.caller().uuid),
  }),
  endpoint({
    route: 'POST /api/v1/users/:id/logout_everywhere',
    access: 'superuser',
    token: 'never',
    summary: 'End all sessions of the user: their access and refresh tokens are void at once',
    answers: loggedOut,
    handle: async (request) => {
      const { uuid } = await rowOfPath<UserRow>(deps.reader, sources.users, request);
      return logOut(deps, uuid);
    },
  }),
];

export const userRoutes = (deps: GatewayDeps, logIn: LogIn): readonly Endpoint[] => [
  ...crud(deps, logIn),
  me(deps),
  ...logOutRoutes(deps),
];
