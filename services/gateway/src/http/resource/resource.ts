import type { ChangeResult } from '@cyborgbackup/contracts';
import type { z } from 'zod';
import { NOT_YET_VISIBLE, type WaitForProjection } from '../../backend/calls.ts';
import type { Reader } from '../../db/reader.ts';
import { sources } from '../../lists/index.ts';
import {
  endpoint,
  type Access,
  type ApiAnswer,
  type ApiRequest,
  type Caller,
  type Endpoint,
} from '../core/endpoint.ts';
import { preconditionFailed } from '../core/http-error.ts';
import { urlOf } from '../core/representation.ts';
import { answerList, listSchema } from '../lists/list-endpoint.ts';
import { findRow, rowOfPath } from './find-row.ts';

export interface StoredRow {
  readonly id: number;
  readonly uuid: string;
  /** The stream's version; the ETag. */
  readonly revision: number;
}

/** The entity that a command changes; with a version, the command fails at any other one. */
interface Target {
  readonly uuid: string;
  readonly expected_version?: number;
}

/** The differences between resources; the rest of create, read, change and delete is the same for all. */
interface Resource<Row extends StoredRow, Create extends z.ZodObject, Change extends z.ZodObject> {
  /** Plural, as in the URL; its rows are those of the source of that name. */
  readonly collection: 'users' | 'clients' | 'schedules' | 'repositories' | 'policies';
  readonly representation: z.ZodObject;
  readonly create: Create;
  /** For PUT; default: the schema of POST. */
  readonly replace?: z.ZodObject;
  readonly change: Change;
  /** Fields that bodies may have beside those of the representation, without effect. */
  readonly ignoredFields?: readonly string[];
  /** What a personal token needs to change them, see `Endpoint`. */
  readonly token?: Endpoint['token'];
  /** Who may PATCH and PUT; default: superusers. */
  readonly changeAccess?: Access;
  present(row: Row, caller: Caller): unknown;
  /** The detail, where it shows more than a list does. */
  presentDetail?(row: Row, request: ApiRequest): Promise<unknown>;
  register(body: z.output<Create>, request: ApiRequest): Promise<ChangeResult>;
  update(target: Target, changes: z.output<Change>, context: { row: Row; request: ApiRequest }): Promise<ChangeResult>;
  remove(target: Target): Promise<ChangeResult>;
  /** Headers of the answer to a change. */
  changedHeaders?(row: Row, request: ApiRequest): Promise<Record<string, string>>;
}

const etagOf = (revision: number): string => `"${revision}"`;

/**
 * @param ifMatch the header If-Match, empty when there is none
 * @returns whether the header names this revision, so that the change must fail at any other one
 * @throws HttpError 412 when the header names other revisions only
 */
const demandsRevision = (ifMatch: string, revision: number): boolean => {
  if (ifMatch === '' || ifMatch.trim() === '*') return false;
  const tags = ifMatch.split(',').map((tag) => tag.trim().replace(/^W\//, ''));
  if (!tags.includes(etagOf(revision))) throw preconditionFailed();
  return true;
};

export const resourceEndpoints = <Row extends StoredRow, Create extends z.ZodObject, Change extends z.ZodObject>(
  resource: Resource<Row, Create, Change>,
  { reader, waitForProjection }: { readonly reader: Reader; readonly waitForProjection: WaitForProjection },
): readonly Endpoint[] => {
  const { collection, representation, changeAccess = 'superuser' } = resource;
  const source = sources[collection];
  const path = `/api/v1/${collection}` as const;
  const singular = `a single ${source.label.toLowerCase()}`;
  const writing = resource.token === undefined ? {} : { token: resource.token };
  const ignoredFields = [...Object.keys(representation.shape), ...(resource.ignoredFields ?? [])];

  const rowOf = (request: ApiRequest): Promise<Row> => rowOfPath<Row>(reader, source, request);

  const targetOf = (row: Row, request: ApiRequest): Target =>
    demandsRevision(request.header('If-Match'), row.revision)
      ? { uuid: row.uuid, expected_version: row.revision }
      : { uuid: row.uuid };

  /** The state after a write; 202 when the read model lags behind. */
  const changeAnswer = async ({ id, version, position }: ChangeResult, request: ApiRequest): Promise<ApiAnswer> => {
    if (!(await waitForProjection('inventory', position))) {
      return { status: 202, body: { detail: NOT_YET_VISIBLE, id, url: urlOf(collection, id) } };
    }
    const row = await findRow<Row>(reader, source, id);
    const more = (await resource.changedHeaders?.(row, request)) ?? {};
    const etag = etagOf(Math.max(version, row.revision));
    return { body: await resource.present(row, request.caller()), headers: { ETag: etag, ...more } };
  };

  const change = async (request: ApiRequest<z.output<Change>>): Promise<ApiAnswer> => {
    const row = await rowOf(request);
    const result = await resource.update(targetOf(row, request), request.body, { row, request });
    return changeAnswer(result, request);
  };

  return [
    endpoint({
      route: `GET ${path}`,
      access: 'user',
      summary: `Retrieve a list of all ${collection}`,
      answers: listSchema(representation),
      list: source,
      handle: (request) => {
        const caller = request.caller();
        return answerList<Row>(reader, request, { list: source, present: (row) => resource.present(row, caller) });
      },
    }),
    endpoint({
      route: `POST ${path}`,
      ...writing,
      answers: representation,
      access: 'superuser',
      summary: `Create ${singular}`,
      body: resource.create,
      ignoredFields,
      handle: async (request) => {
        const result = await resource.register(request.body, request);
        const answer = await changeAnswer(result, request);
        return { ...answer, headers: { ...answer.headers, Location: urlOf(collection, result.id) } };
      },
    }),
    endpoint({
      route: `GET ${path}/:id`,
      answers: representation,
      access: 'user',
      summary: `Retrieve details of ${singular}`,
      handle: async (request) => {
        const row = await rowOf(request);
        const body = await (resource.presentDetail?.(row, request) ?? resource.present(row, request.caller()));
        return { body, headers: { ETag: etagOf(row.revision) } };
      },
    }),
    endpoint({
      route: `PATCH ${path}/:id`,
      ...writing,
      answers: representation,
      access: changeAccess,
      summary: `Update ${singular}`,
      body: resource.change,
      ignoredFields,
      handle: change,
    }),
    endpoint({
      route: `PUT ${path}/:id`,
      ...writing,
      answers: representation,
      access: changeAccess,
      summary: `Replace ${singular}`,
      body: resource.replace ?? resource.create,
      ignoredFields,
      // The replacement of all fields is also a change of them.
      handle: (request) => change({ ...request, body: request.body as z.output<Change> }),
    }),
    endpoint({
      route: `DELETE ${path}/:id`,
      ...writing,
      answers: representation,
      access: 'superuser',
      summary: `Delete ${singular}`,
      handle: async (request) => {
        const row = await rowOf(request);
        const body = await resource.present(row, request.caller());
        const { position } = await resource.remove(targetOf(row, request));
        const isGone = await waitForProjection('inventory', position);
        return isGone ? { body } : { status: 202, body: { detail: NOT_YET_VISIBLE } };
      },
    }),
  ];
};
