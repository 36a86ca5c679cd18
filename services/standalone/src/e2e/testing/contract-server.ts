import { createRecordedFetch, type Exchange } from './recorded-fetch.ts';
import { ADMIN, startWholeProduct, type WholeProduct } from './whole-product.ts';

export interface Person {
  readonly email: string;
  readonly password: string;
}

export { ADMIN } from './whole-product.ts';

/** What JSON.parse gives: tests look into it as they like. */
export type Json = ReturnType<typeof JSON.parse>;

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Json;
}

export interface Sent {
  /** Sent as JSON; a text as it is. */
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  /** Signed in by HTTP Basic; `null` for nobody. Default: the first superuser. */
  readonly as?: Person | null;
}

/** The whole product in this process, and a client of its API that remembers all answers. */
export interface ContractServer extends Pick<WholeProduct, 'url' | 'admin'>, AsyncDisposable {
  readonly exchanges: readonly Exchange[];
  send(method: string, path: string, sent?: Sent): Promise<Answer>;
}

const headersOf = ({ as = ADMIN, body, headers }: Sent): Record<string, string> => ({
  ...(as === null ? {} : { authorization: `Basic ${Buffer.from(`${as.email}:${as.password}`).toString('base64')}` }),
  ...(body === undefined ? {} : { 'content-type': 'application/json' }),
  ...headers,
});

const textOf = (body: unknown): string | null => {
  if (body === undefined) return null;
  return typeof body === 'string' ? body : JSON.stringify(body);
};

const answerOf = async (response: Response): Promise<Answer> => {
  const text = await response.text();
  const isJson = text !== '' && response.headers.get('content-type')?.includes('json') === true;
  return { status: response.status, headers: response.headers, body: isJson ? JSON.parse(text) : text };
};

/** @param env further variables of the product */
export const startContractServer = async (env: Readonly<Record<string, string>> = {}): Promise<ContractServer> => {
  const product = await startWholeProduct(env);
  const recorded = createRecordedFetch(() => product.url);
  return {
    ...product,
    exchanges: recorded.exchanges,
    send: async (method, path, sent = {}) =>
      answerOf(
        await recorded.fetch(`${product.url}${path}`, {
          method,
          redirect: 'manual',
          headers: headersOf(sent),
          body: textOf(sent.body),
        }),
      ),
  };
};
