import { Agent, request as sendRequest } from 'node:http';

export interface FuzzAnswer {
  /** 0 when the connection ended without an answer. */
  readonly status: number;
  readonly mediaType: string;
  readonly location: string;
  readonly text: string;
}

export interface Outgoing {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer | undefined;
}

const ENDED: FuzzAnswer = { status: 0, mediaType: '', location: '', text: '' };

export interface FuzzSender {
  /** @throws Error after ten seconds without an answer */
  send(outgoing: Outgoing): Promise<FuzzAnswer>;
  close(): void;
}

const DEADLINE_MILLIS = 10_000;

/** A client without manners: it sends paths and headers as they are. */
export const createFuzzSender = (origin: string, connections: number): FuzzSender => {
  const agent = new Agent({ keepAlive: true, maxSockets: connections });
  const { hostname, port } = new URL(origin);
  return {
    send: ({ method, path, headers, body }) =>
      new Promise((resolve, reject) => {
        const deadline = setTimeout(() => {
          reject(new Error(`No answer within ${DEADLINE_MILLIS / 1_000} s.`));
          request.destroy();
        }, DEADLINE_MILLIS);
        const done = (answer: FuzzAnswer): void => {
          clearTimeout(deadline);
          resolve(answer);
        };
        // Node would send the body of a GET without its length, as if it were the next request.
        const length = body === undefined ? {} : { 'content-length': String(body.length) };
        const framed = { ...headers, ...length };
        const request = sendRequest({ hostname, port, method, path, headers: framed, agent }, (response) => {
          const parts: Buffer[] = [];
          response.on('data', (part: Buffer) => parts.push(part));
          const answer = (): FuzzAnswer => ({
            status: response.statusCode ?? 0,
            mediaType: (response.headers['content-type'] ?? '').split(';')[0] ?? '',
            location: response.headers.location ?? '',
            text: Buffer.concat(parts).toString('utf8'),
          });
          response.on('error', () => done(ENDED));
          response.on('end', () => done(answer()));
          // A stream of events goes on for as long as there is something to tell.
          if (answer().mediaType !== 'text/event-stream') return;
          response.once('data', () => {
            done(answer());
            request.destroy();
          });
        });
        // A server may answer and close while a large body is still being sent.
        request.on('error', () => done(ENDED));
        request.end(body);
      }),
    close: () => agent.destroy(),
  };
};
