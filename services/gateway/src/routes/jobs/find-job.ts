import type { GatewayDeps } from '../deps.ts';
import type { ApiRequest } from '../../http/core/endpoint.ts';
import { noSuch } from '../../http/core/http-error.ts';
import { idParameter } from '../../http/core/id-parameter.ts';
import { jobSource, type JobRow } from './query.ts';

/** @throws HttpError 404 */
export const findJob = async (deps: GatewayDeps, id: number): Promise<JobRow> => {
  const row = await deps.reader.row<JobRow>(`select ${jobSource.select} from ${jobSource.from} where t.id = $1`, [id]);
  if (!row) throw noSuch('Job');
  return row;
};

/** The job that the path names. @throws HttpError 404 */
export const jobOf = (deps: GatewayDeps, request: ApiRequest): Promise<JobRow> =>
  findJob(deps, idParameter(request, 'Job'));
