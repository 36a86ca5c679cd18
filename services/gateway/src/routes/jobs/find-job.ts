import type { ApiRequest } from '../../http/core/endpoint.ts';
import { findRow, idParameter } from '../../http/resource/find-row.ts';
import type { GatewayDeps } from '../deps.ts';
import { jobSource, type JobRow } from './query.ts';

/** @throws HttpError 404 */
export const findJob = ({ reader }: GatewayDeps, id: number): Promise<JobRow> =>
  findRow<JobRow>(reader, jobSource, 'Job', id);

/** The job that the path names. @throws HttpError 404 */
export const jobOf = (deps: GatewayDeps, request: ApiRequest): Promise<JobRow> =>
  findJob(deps, idParameter(request, 'Job'));
