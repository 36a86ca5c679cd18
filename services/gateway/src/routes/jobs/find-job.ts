import type { ApiRequest } from '../../http/core/endpoint.ts';
import { findRow, rowOfPath } from '../../http/resource/find-row.ts';
import { sources } from '../../lists/index.ts';
import type { GatewayDeps } from '../deps.ts';
import type { JobRow } from '../../lists/sources/jobs.ts';

/** @throws HttpError 404 */
export const findJob = ({ reader }: GatewayDeps, id: number): Promise<JobRow> =>
  findRow<JobRow>(reader, sources.jobs, id);

/** The job that the path names. @throws HttpError 404 */
export const jobOf = ({ reader }: GatewayDeps, request: ApiRequest): Promise<JobRow> =>
  rowOfPath<JobRow>(reader, sources.jobs, request);
