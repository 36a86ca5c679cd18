import { z } from 'zod';
import type { ListSource } from '../../lists/index.ts';
import type { ApiTokenScope } from '@cyborgbackup/contracts';

/** The user who sent a request, as in the read model at that moment. */
export interface Caller {
  readonly id: number;
  readonly uuid: string;
  readonly isSuperuser: boolean;
  /** What the personal token of the request may do; undefined for a log-in, which may do all that its user may. */
  readonly tokenScopes?: ReadonlySet<ApiTokenScope>;
  /** The log-in session of a JWT. */
  readonly session?: string;
}

/** Whether the caller logged in, or has a token with this scope. */
export const hasScope = ({ tokenScopes }: Caller, scope: ApiTokenScope): boolean => tokenScopes?.has(scope) ?? true;

type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

/** Who may call: everyone, signed-in users, or superusers only. */
export type Access = 'public' | 'user' | 'superuser';

/** A request as its handler gets it: authorized and validated. */
export interface ApiRequest<Body = unknown> {
  readonly params: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  /** Path as it was sent, without the query. */
  readonly path: string;
  readonly body: Body;
  /** @throws HttpError 401 without credentials */
  caller(): Caller;
  /** Where it comes from, behind trusted proxies too. */
  readonly address: string;
  /** A header's value, or an empty text. */
  header(name: string): string;
  /** For HEAD: only the headers are sent, even if the answer has a body. */
  readonly isHead: boolean;
  /** For long answers: authorizes the caller again. @throws HttpError 401 or 403 */
  reauthorize(): Promise<void>;
  /** Fires when the caller goes away before it has the whole answer. */
  readonly signal: AbortSignal;
  /** Names for what this request creates; the same ones again for a repeated Idempotency-Key. */
  readonly ids: { readonly uuid: string; readonly command_id: string };
}

export interface ApiAnswer {
  /** Default: 200. */
  readonly status?: number;
  /** Sent as JSON, or as it is when `type` says something else; a stream that fails breaks the connection. */
  readonly body: unknown;
  readonly type?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** One method of one path, as data. The router, OPTIONS and the OpenAPI document are all made from it. */
interface EndpointSpec<Schema extends z.ZodObject> {
  /** For example `GET /api/v1/clients/:id`; without a trailing slash, which is always optional. */
  readonly route: `${Method} /${string}`;
  readonly access: Access;
  /** The scope that a personal token needs for it beside `write` (unless it is a GET), or `never`: only a log-in may. */
  readonly token?: ApiTokenScope | 'never';
  /** What it does, as one sentence without a full stop; OPTIONS and OpenAPI show it. */
  readonly summary: string;
  /** Further sentences for OpenAPI. */
  readonly details?: string;
  /** The group of the endpoint in OpenAPI; default: the first part of the path below `/api/v1`. */
  readonly tag?: string;
  /** The schema of the body, whose fields are coerced first (see `coerce`). */
  readonly body?: Schema;
  /** Fields that the body may have as well, without effect, so that an answer to GET can be sent back. Others are refused. */
  readonly ignoredFields?: readonly string[];
  /** The body of a success. */
  readonly answers: z.ZodType;
  /** Media types of the answer, when it is not JSON alone. */
  readonly media?: readonly string[];
  /** Status of a success, when it is not 200. */
  readonly success?: number;
  /** The meaning of statuses that do not follow from the rest; errors of these have a `detail`. */
  readonly statuses?: Readonly<Record<number, string>>;
  /** Query parameters beside those of lists. */
  readonly query?: z.ZodObject;
  /**
   * Whether it reads more than rows by their keys: then what it reads counts against the caller's budget of list queries.
   * Default: whether it answers with pages, or no row is named in its path.
   */
  readonly isCostly?: boolean;
  /** Set for a list: its filters, search and orders. */
  readonly list?: ListSource;
  handle(request: ApiRequest<z.output<Schema>>): Promise<ApiAnswer>;
}

/** An endpoint; the caller of `handle` has validated the body. */
export interface Endpoint extends Omit<EndpointSpec<z.ZodObject>, 'route' | 'tag' | 'isCostly' | 'handle'> {
  readonly method: Method;
  readonly path: string;
  readonly tag: string;
  readonly isCostly: boolean;
  handle(request: ApiRequest): Promise<ApiAnswer>;
}

export const hasPages = ({ answers }: Pick<Endpoint, 'answers'>): boolean =>
  answers instanceof z.ZodObject && 'next' in answers.shape;

/** Types the handler's body by its schema. */
export const endpoint = <Schema extends z.ZodObject>({ route, ...spec }: EndpointSpec<Schema>): Endpoint => {
  const [method, path] = route.split(' ') as [Method, string];
  const [tag = ''] = path.replace(/^\/api(\/v1)?\//, '').split('/');
  return {
    tag,
    isCostly: hasPages(spec) || !path.includes(':'),
    ...spec,
    method,
    path,
    handle: (request) => spec.handle({ ...request, body: request.body as z.output<Schema> }),
  };
};
