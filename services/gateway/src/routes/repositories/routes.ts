import { repositoryCommands, SECRET_MASK } from '@cyborgbackup/contracts';
import { randomBytes } from 'node:crypto';
import { beyondScope } from '../../http/core/http-error.ts';
import { hasScope, type ApiRequest, type Endpoint } from '../../http/core/endpoint.ts';
import { linksOf, represent } from '../../http/core/representation.ts';
import { resourceEndpoints } from '../../http/resource/resource.ts';
import type { GatewayDeps } from '../deps.ts';
import { repositoryActions } from './actions.ts';
import type { RepositoryRow } from '../../lists/sources/repositories.ts';
import { changeRepository, createRepository, replaceRepository, repositorySchema } from './schema.ts';

const KEY_BYTES = 32;

const randomKey = (): string => randomBytes(KEY_BYTES).toString('base64url');

interface RepositoryKeys {
  readonly repository_key: string | undefined;
  readonly previous_key: string | null | undefined;
}

const masked = ({ previous_key: previous }: RepositoryRow): RepositoryKeys => ({
  repository_key: SECRET_MASK,
  previous_key: previous === null ? null : SECRET_MASK,
});

/** @param keys the passphrases, for a caller who may see them; default: masks */
export const presentRepository = (row: RepositoryRow, keys = masked(row)): object =>
  represent(repositorySchema, { ...row, ...linksOf(row, { collection: 'repositories' }), ...keys });

/**
 * Only the detail shows the passphrases, only to superusers (a token of theirs needs the scope `secrets`), and only after an event
 * records that they were read.
 */
const presentDetail = async (deps: GatewayDeps, row: RepositoryRow, request: ApiRequest): Promise<object> => {
  const caller = request.caller();
  if (!caller.isSuperuser || !hasScope(caller, 'secrets')) return presentRepository(row);
  await deps.call(repositoryCommands.recordKeyRead, { uuid: row.uuid });
  return presentRepository(row, {
    repository_key: await deps.keys.open(row.repository_key),
    previous_key: row.previous_key && (await deps.keys.open(row.previous_key)),
  });
};

export const repositoryRoutes = (deps: GatewayDeps): readonly Endpoint[] => [
  ...resourceEndpoints(
    {
      collection: 'repositories',
      representation: repositorySchema,
      create: createRepository,
      replace: replaceRepository,
      change: changeRepository,
      present: (row: RepositoryRow) => presentRepository(row),
      presentDetail: (row, request) => presentDetail(deps, row, request),
      register: ({ repository_key: key, ...fields }, { ids }) =>
        deps.call(repositoryCommands.register, { ...ids, ...fields, repository_key: key ?? randomKey() }),
      update: async (target, { repository_key: key, host_key, ...fields }, { request }) => {
        const isNew = key !== undefined && key !== SECRET_MASK;
        if (isNew && !hasScope(request.caller(), 'secrets')) throw beyondScope('secrets');
        const changes = isNew ? { ...fields, repository_key: key } : fields;
        return deps.call(repositoryCommands.change, { ...target, changes, host_key });
      },
      remove: (target) => deps.call(repositoryCommands.remove, target),
    },
    deps,
  ),
  ...repositoryActions(deps),
];
