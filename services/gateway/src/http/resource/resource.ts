import type { Written } from '@cyborgbackup/contracts';
import type { z } from 'zod';
import { sources, type RowSource } from '../../lists/index.ts';
import type { GatewayDeps } from '../../routes/deps.ts';
import { endpoint, type Access, type ApiAnswer, type ApiRequest, type Endpoint } from '../core/endpoint.ts';
import { demandsRevision, etagOf } from './etag.ts';
import { noSuch } from '../core/http-error.ts';
import { idParameter } from '../core/id-parameter.ts';
import { answerList, listSchema } from '../lists/list-endpoint.ts';
import { API_ROOT, urlOf } from '../core/representation.ts';
import { NOT_YET_VISIBLE } from '../../backend/settle.ts';

export interface StoredRow {
  readonly id: number;
  readonly uuid: string;
  /** The stream's version; the ETag. */
  readonly revision: number;
}

/** Names the thing a command is about, and the version its sender insists on. */
export interface Target {
  readonly uuid: string;
  readonly expected_version?: number;
}

/** What tells one resource from another; the rest of create, read, change and delete is the same for all. */
export interface Resource<Row extends StoredRow, Create extends z.ZodObject, Change extends z.ZodObject> {
  /** As 404s have it: `Client`. */
  readonly label: string;
  /** Plural, as in the URL; its list is filtered as the source of that name allows. */
  readonly collection: 'users' | 'clients' | 'schedules' | 'repositories' | 'policies';
  readonly source: RowSource;
  readonly representation: z.ZodObject;
  readonly create: Create;
  /** For PUT; the schema of POST unless told. */
  readonly replace?: z.ZodObject;
  readonly change: Change;
  /** What bodies may have beside the fields of the representation, and changes nothing. */
  readonly echoes?: readonly string[];
  /** Who may PATCH and PUT; superusers unless told. */
  readonly changeAccess?: Access;
  present(row: Row, request: ApiRequest): Promise<unknown>;
  /** The detail, where it shows more than a list does. */
  presentDetail?(row: Row, request: ApiRequest): Promise<ApiAnswer>;
  register(body: z.output<Create>, request: ApiRequest): Promise<Written>;
  update(target: Target, changes: z.output<Change>, context: { row: Row; request: ApiRequest }): Promise<Written>;
  remove(target: Target): Promise<Written>;
  /** Headers of the answer to a change. */
  changedHeaders?(row: Row, request: ApiRequest): Promise<Record<string, string>>;
}

export const resourceEndpoints = <Row extends StoredRow, Create extends z.ZodObject, Change extends z.ZodObject>(
  resource: Resource<Row, Create, Change>,
  deps: GatewayDeps,
): readonly Endpoint[] => {
  const { label, collection, source, representation, changeAccess = 'superuser' } = resource;
  const path = `${API_ROOT}/${collection}`;
  const detailPath = `${path}/:id`;
  const singular = `a single ${label.toLowerCase()}`;
  const common = { tag: collection, answers: representation };
  const echoes = [...Object.keys(representation.shape), ...(resource.echoes ?? [])];

  const find = async (id: number): Promise<Row> => {
    const row = await deps.reader.row<Row>(`select ${source.select} from ${source.from} where t.id = $1`, [id]);
    if (!row) throw noSuch(label);
    return row;
  };

  const targetOf = (row: Row, request: ApiRequest): Target =>
    demandsRevision(request.header('If-Match'), row.revision)
      ? { uuid: row.uuid, expected_version: row.revision }
      : { uuid: row.uuid };

  /** The state after a write, or the promise that it will be there. */
  const written = async ({ id, version, position }: Written, request: ApiRequest): Promise<ApiAnswer> => {
    if (!(await deps.settle('inventory', position))) {
      return { status: 202, body: { detail: NOT_YET_VISIBLE, id, url: urlOf(collection, id) } };
    }
    const row = await find(id);
    const more = (await resource.changedHeaders?.(row, request)) ?? {};
    const etag = etagOf(Math.max(version, row.revision));
    return { body: await resource.present(row, request), headers: { ETag: etag, ...more } };
  };

  const change = async (request: ApiRequest<z.output<Change>>): Promise<ApiAnswer> => {
    const row = await find(idParameter(request, label));
    const result = await resource.update(targetOf(row, request), request.body, { row, request });
    return written(result, request);
  };

  return [
    endpoint({
      ...common,
      method: 'GET',
      path,
      access: 'user',
      summary: `Retrieve a list of all ${collection}`,
      answers: listSchema(representation),
      list: sources[collection],
      handle: (request) =>
        answerList<Row>(deps.reader, request, {
          list: sources[collection],
          source,
          present: (row) => resource.present(row, request),
        }),
    }),
    endpoint({
      ...common,
      method: 'POST',
      path,
      access: 'superuser',
      summary: `Create ${singular}`,
      body: resource.create,
      echoes,
      handle: async (request) => {
        const result = await resource.register(request.body, request);
        const answer = await written(result, request);
        return { ...answer, headers: { ...answer.headers, Location: urlOf(collection, result.id) } };
      },
    }),
    endpoint({
      ...common,
      method: 'GET',
      path: detailPath,
      access: 'user',
      summary: `Retrieve details of ${singular}`,
      handle: async (request) => {
        const row = await find(idParameter(request, label));
        if (resource.presentDetail) return resource.presentDetail(row, request);
        return { body: await resource.present(row, request), headers: { ETag: etagOf(row.revision) } };
      },
    }),
    endpoint({
      ...common,
      method: 'PATCH',
      path: detailPath,
      access: changeAccess,
      summary: `Update ${singular}`,
      body: resource.change,
      echoes,
      handle: change,
    }),
    endpoint({
      ...common,
      method: 'PUT',
      path: detailPath,
      access: changeAccess,
      summary: `Replace ${singular}`,
      body: resource.replace ?? resource.create,
      echoes,
      // What replaces all fields is also a change of them.
      handle: (request) => change({ ...request, body: request.body as z.output<Change> }),
    }),
    endpoint({
      ...common,
      method: 'DELETE',
      path: detailPath,
      access: 'superuser',
      summary: `Delete ${singular}`,
      handle: async (request) => {
        const row = await find(idParameter(request, label));
        const body = await resource.present(row, request);
        const { position } = await resource.remove(targetOf(row, request));
        const isGone = await deps.settle('inventory', position);
        return isGone ? { body } : { status: 202, body: { detail: NOT_YET_VISIBLE } };
      },
    }),
  ];
};
