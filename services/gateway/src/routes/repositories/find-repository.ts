import type { GatewayDeps } from '../deps.ts';
import type { ApiRequest } from '../../http/core/endpoint.ts';
import { noSuch } from '../../http/core/http-error.ts';
import { idParameter } from '../../http/core/id-parameter.ts';
import { repositorySource, type RepositoryRow } from './query.ts';

/** The repository that the path names. @throws HttpError 404 */
export const repositoryOf = async (deps: GatewayDeps, request: ApiRequest): Promise<RepositoryRow> => {
  const id = idParameter(request, 'Repository');
  const row = await deps.reader.row<RepositoryRow>(
    `select ${repositorySource.select} from ${repositorySource.from} where t.id = $1`,
    [id],
  );
  if (!row) throw noSuch('Repository');
  return row;
};
