import { z } from 'zod';

/** The public API, as any client would use it. */
export interface ApiClient {
  get<Schema extends z.ZodType>(path: string, schema: Schema): Promise<z.output<Schema>>;
  post<Schema extends z.ZodType>(path: string, body: unknown, schema: Schema): Promise<z.output<Schema>>;
  patch(path: string, body: unknown): Promise<void>;
}

const REQUEST_MILLIS = 30_000;

const send = async (url: string, method: string, headers: Record<string, string>, body?: unknown): Promise<unknown> => {
  const response = await fetch(url, {
    method,
    headers: { ...headers, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    signal: AbortSignal.timeout(REQUEST_MILLIS),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${method} ${url} answered ${response.status}: ${text}`);
  return text === '' ? undefined : (JSON.parse(text) as unknown);
};

const tokens = z.object({ access: z.string() });

/** Logs in by e-mail and password. @throws Error with the answer when a request is refused */
export const logIn = async (url: string, credentials: { email: string; password: string }): Promise<ApiClient> => {
  const { access } = tokens.parse(await send(`${url}/api/token/obtain/`, 'POST', {}, credentials));
  const headers = { authorization: `Bearer ${access}` };
  return {
    get: async (path, schema) => schema.parse(await send(`${url}${path}`, 'GET', headers)),
    post: async (path, body, schema) => schema.parse(await send(`${url}${path}`, 'POST', headers, body)),
    patch: async (path, body) => {
      await send(`${url}${path}`, 'PATCH', headers, body);
    },
  };
};
