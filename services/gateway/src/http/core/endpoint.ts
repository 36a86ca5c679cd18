import type { z } from 'zod';
import type { ListSource } from '../../lists/index.ts';
import type { Caller } from './caller.ts';

export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

/** Who may call: anybody, whoever is signed in, or superusers only. */
export type Access = 'public' | 'user' | 'superuser';

/** What a handler sees of a request, already admitted and validated. */
export interface ApiRequest<Body = unknown> {
  readonly params: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  /** Path as it was sent, without the query. */
  readonly path: string;
  readonly body: Body;
  /** @throws HttpError 401 when nobody is signed in */
  caller(): Caller;
  /** The peer's address. */
  readonly address: string;
  /** A header's value, or an empty text. */
  header(name: string): string;
  /** Asked for the headers alone: a body, were it given, would not be sent. */
  readonly isHead: boolean;
  /** For long answers. @throws HttpError as at the beginning, when the caller may not call this any more */
  reauthorize(): Promise<void>;
  /** Fires when the caller goes away before it has the whole answer. */
  readonly signal: AbortSignal;
  /** Names for what this request creates; the same ones again for a repeated Idempotency-Key. */
  readonly ids: { readonly uuid: string; readonly command_id: string };
}

export interface ApiAnswer {
  /** 200 unless told. */
  readonly status?: number;
  /** Sent as JSON, or as it is when `type` says something else; a stream that fails breaks the connection. */
  readonly body: unknown;
  readonly type?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/**
 * One method of one path, as data: admission, validation, handler and answer. The router, OPTIONS and the OpenAPI document
 * are all made from it.
 */
export interface EndpointSpec<Schema extends z.ZodObject> {
  readonly method: Method;
  /** For example `/api/v1/clients/:id`; without a trailing slash, which is always optional. */
  readonly path: string;
  readonly access: Access;
  /** What it does, as one sentence without a full stop; OPTIONS and OpenAPI show it. */
  readonly summary: string;
  /** What a caller has to know beyond that, as sentences for OpenAPI. */
  readonly details?: string;
  /** Groups endpoints: the resource's plural name. */
  readonly tag: string;
  /** What the body must be; its fields are coerced as the API's clients are used to (see `coerce`). */
  readonly body?: Schema;
  /**
   * Fields that the body may have as well and that change nothing, so that what GET gave can be sent back. Every other one
   * that `body` does not know is refused.
   */
  readonly ignoredFields?: readonly string[];
  /** The body of a success. */
  readonly answers: z.ZodType;
  /** Media types of the answer, when it is not JSON alone. */
  readonly media?: readonly string[];
  /** Status of a success, when it is not 200. */
  readonly success?: number;
  /** What other statuses mean that cannot be told from the rest of this; errors of those have a `detail`. */
  readonly statuses?: Readonly<Record<number, string>>;
  /** Query parameters beside those of lists. */
  readonly query?: z.ZodObject;
  /** Set for a list: what pages, filters, search and order can be asked for. */
  readonly list?: ListSource;
  handle(request: ApiRequest<z.output<Schema>>): Promise<ApiAnswer>;
}

/** An endpoint whose body is validated by the one who calls `handle`. */
export type Endpoint = Omit<EndpointSpec<z.ZodObject>, 'handle'> & {
  handle(request: ApiRequest): Promise<ApiAnswer>;
};

/** Types the handler's body by its schema. */
export const endpoint = <Schema extends z.ZodObject>(spec: EndpointSpec<Schema>): Endpoint => ({
  ...spec,
  handle: (request) => spec.handle({ ...request, body: request.body as z.output<Schema> }),
});
