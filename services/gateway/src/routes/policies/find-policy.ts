import type { GatewayDeps } from '../deps.ts';
import type { ApiRequest } from '../../http/core/endpoint.ts';
import { noSuch } from '../../http/core/http-error.ts';
import { idParameter } from '../../http/core/id-parameter.ts';
import { policySource, type PolicyRow } from './query.ts';

/** The policy that the path names. @throws HttpError 404 */
export const findPolicy = async (deps: GatewayDeps, request: ApiRequest): Promise<PolicyRow> => {
  const id = idParameter(request, 'Policy');
  const row = await deps.reader.row<PolicyRow>(
    `select ${policySource.select} from ${policySource.from} where t.id = $1`,
    [id],
  );
  if (!row) throw noSuch('Policy');
  return row;
};
