/** A request that was answered, as far as the API's description says something of it. */
export interface Exchange {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly status: number;
  /** Without parameters; empty when there is none. */
  readonly mediaType: string;
  /** Parsed when it is JSON, else the text. */
  readonly body: unknown;
}

export interface RecordedFetch {
  /** `fetch`, remembering. */
  readonly fetch: typeof globalThis.fetch;
  readonly exchanges: readonly Exchange[];
}

const LIMIT = 20_000;

const bodyOf = (text: string, mediaType: string): unknown => {
  if (mediaType !== 'application/json' || text === '') return text;
  return JSON.parse(text) as unknown;
};

/**
 * Remembers what the API of one server answers, the first twenty thousand times. A test whose requests are sent by other code can hand
 * it to `vi.stubGlobal('fetch', …)`.
 * @param origin of the server, for example `http://127.0.0.1:8000`; a function where it is not known yet
 */
export const createRecordedFetch = (origin: () => string): RecordedFetch => {
  const exchanges: Exchange[] = [];
  const original = globalThis.fetch;
  const remember = async (request: Request, response: Response): Promise<void> => {
    const url = new URL(request.url);
    if (url.origin !== origin() || !url.pathname.startsWith('/api') || exchanges.length >= LIMIT) return;
    const mediaType = response.headers.get('content-type')?.split(';')[0]?.trim() ?? '';
    const body = bodyOf(await response.clone().text(), mediaType);
    const { pathname: path, searchParams: query } = url;
    exchanges.push({ method: request.method, path, query, status: response.status, mediaType, body });
  };
  return {
    exchanges,
    fetch: async (input, init) => {
      const request = new Request(input, init);
      const response = await original(request);
      await remember(request, response);
      return response;
    },
  };
};
