import { repositoryCommands, SECRET_MASK } from '@cyborgbackup/contracts';
import { randomBytes } from 'node:crypto';
import type { GatewayDeps } from '../deps.ts';
import type { ApiAnswer, ApiRequest, Endpoint } from '../../http/core/endpoint.ts';
import { etagOf } from '../../http/resource/etag.ts';
import { resourceEndpoints } from '../../http/resource/resource.ts';
import { checkRoute } from './check.ts';
import { repositoryKeyRoutes } from './keys.ts';
import { presentRepository } from './present.ts';
import { repositorySource, type RepositoryRow } from './query.ts';
import { changeRepository, createRepository, replaceRepository, repositorySchema } from './schema.ts';

const KEY_BYTES = 32;

const strongKey = (): string => randomBytes(KEY_BYTES).toString('base64url');

/** Superusers see the passphrases here and nowhere else, and only once it is on record that they did. */
const detail = async (deps: GatewayDeps, row: RepositoryRow, request: ApiRequest): Promise<ApiAnswer> => {
  const headers = { ETag: etagOf(row.revision) };
  if (!request.caller().isSuperuser) return { body: presentRepository(row), headers };
  await deps.call(repositoryCommands.keyRead, { uuid: row.uuid });
  const keys = {
    repository_key: await deps.keys.open(row.repository_key),
    previous_key: row.previous_key && (await deps.keys.open(row.previous_key)),
  };
  return { body: presentRepository(row, keys), headers };
};

export const repositoryRoutes = (deps: GatewayDeps): readonly Endpoint[] => [
  ...resourceEndpoints<RepositoryRow, typeof createRepository, typeof changeRepository>(
    {
      label: 'Repository',
      collection: 'repositories',
      source: repositorySource,
      representation: repositorySchema,
      create: createRepository,
      replace: replaceRepository,
      change: changeRepository,
      present: async (row) => presentRepository(row),
      presentDetail: (row, request) => detail(deps, row, request),
      register: ({ repository_key: key, ...fields }, { ids }) =>
        deps.call(repositoryCommands.register, { ...ids, ...fields, repository_key: key ?? strongKey() }),
      update: (target, { repository_key: key, ...fields }) => {
        const isNew = key !== undefined && key !== SECRET_MASK;
        const changes = isNew ? { ...fields, repository_key: key } : fields;
        return deps.call(repositoryCommands.change, { ...target, changes });
      },
      remove: (target) => deps.call(repositoryCommands.remove, target),
    },
    deps,
  ),
  ...repositoryKeyRoutes(deps),
  checkRoute(deps),
];
