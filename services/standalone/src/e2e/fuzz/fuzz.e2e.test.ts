import fc from 'fast-check';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readApiDescription, type ApiDescription } from '../testing/openapi-violations.ts';
import { ADMIN, startContractServer, type ContractServer, type Json, type Person } from '../testing/contract-server.ts';
import { resolveIds } from './fuzz-fitting.ts';
import { fuzzRequests, type FuzzRequest } from './fuzz-requests.ts';
import { createFuzzSender, type FuzzAnswer, type FuzzSender, type Outgoing } from './fuzz-send.ts';

/*
 * Requests of clients that know the API and of clients that know nothing, against the whole product. None may be answered
 * by a 5xx, not at all, with an insight into our code, or otherwise than the OpenAPI document says.
 *
 * CYBORGBACKUP_FUZZ sets how many are sent, CYBORGBACKUP_FUZZ_SEED repeats those of a run that failed.
 */
const REQUESTS = Number(process.env['CYBORGBACKUP_FUZZ'] ?? 3_000);
const SEED = Number(process.env['CYBORGBACKUP_FUZZ_SEED'] ?? Date.now() % 1_000_000_000);
const AT_ONCE = 8;
const ROUND = 500;
const MAX_FINDINGS = 20;

/** Of stack traces, of paths of ours, and of what a database says. */
const LEAK =
  /\n\s+at |node_modules|file:\/\/\/|\.[cm]?[jt]s:\d+|syntax error at or near|relation "|column "|duplicate key|SQLSTATE|ECONNREFUSED/;

interface Finding {
  readonly what: string;
  readonly request: string;
  readonly answer: string;
}

let server: ContractServer;
let sender: FuzzSender;
let description: ApiDescription;
let fields: readonly string[];
const tokens = new Map<FuzzRequest['as'], string>();
/** The newest thing of each collection. */
const ids = new Map<string, number>();
const findings: Finding[] = [];
const statuses = new Map<number, number>();

const person = (name: string, is_superuser = false): { email: string; password: string; is_superuser: boolean } => ({
  email: `${name}@example.com`,
  password: 'a long password',
  is_superuser,
});

/** Nobody's password is safe from the requests, but those of these two, whose ids are in none. */
const SUPERUSER = person('superuser', true);
const USER = person('user');

const create = async (collection: string, body: object, as: Person = SUPERUSER): Promise<Json> => {
  const answer = await server.send('POST', `/api/v1/${collection}/`, { body, as });
  expect(answer.status, `${collection} ${JSON.stringify(answer.body)}`).toBeLessThan(300);
  ids.set(collection, answer.body.id as number);
  return answer.body;
};

const SCOPE = 'read write secrets data';

/** One of each thing, so that there is always something to change. */
const seed = async (round: number): Promise<void> => {
  const client = await create('clients', { hostname: `round-${round}.invalid` });
  const schedule = await create('schedules', { name: 's', crontab: '0 5 * * *', enabled: false });
  const repository = await create('repositories', { name: 'r', path: 'borg@backup.invalid:/srv/repository' });
  const references = { clients: [client.id], schedule: schedule.id, repository: repository.id };
  const policy = await create('policies', { name: 'p', ...references });
  await create('tokens', { name: `round-${round}` });
  ids.set('jobs', (await server.send('POST', `${policy.url}launch/`, { as: SUPERUSER })).body.id as number);
};

beforeAll(async () => {
  server = await startContractServer({ CYBORGBACKUP_RATE_LIMIT: '1000000' });
  sender = createFuzzSender(server.url, AT_ONCE);
  description = await readApiDescription(server);
  const { body } = await server.send('GET', '/api/v1/openapi.json');
  const schemas = Object.values<Json>(body.components.schemas);
  fields = [...new Set(schemas.flatMap((schema: Json) => Object.keys(schema.properties ?? {})))];
  // What requests meet under small ids is not what they are sent with.
  for (let index = 0; index < 6; index += 1) {
    await create('users', person(`user-${index}`), ADMIN);
    await create('tokens', { name: `token-${index}` }, ADMIN);
  }
  await create('users', USER, ADMIN);
  await create('users', SUPERUSER, ADMIN);
  tokens.set('user', `Token ${String((await create('tokens', { name: 'user', scope: SCOPE }, USER)).token)}`);
  tokens.set('superuser', `Token ${String((await create('tokens', { name: 'superuser', scope: SCOPE })).token)}`);
  await create('users', person('newest'));
});

afterAll(async () => {
  sender?.close();
  await server?.[Symbol.asyncDispose]();
});

const outgoingOf = ({ method, path, headers, body, as }: FuzzRequest): Outgoing => {
  const authorization = tokens.get(as);
  return {
    method,
    path: resolveIds(path, ids),
    headers: { ...(authorization === undefined ? {} : { authorization }), ...headers },
    body: body?.includes('"@') ? Buffer.from(resolveIds(body.toString(), ids)) : body,
  };
};

const shown = ({ method, path, headers, body }: Outgoing): string => {
  const sent = {
    ...headers,
    ...(headers['authorization']?.startsWith('Token cbb_') ? { authorization: '(token)' } : {}),
  };
  return `${method} ${path} ${JSON.stringify(sent)} ${body?.toString().slice(0, 500) ?? ''}`;
};

const parsed = ({ mediaType, text }: FuzzAnswer): unknown =>
  mediaType === 'application/json' && text !== '' ? (JSON.parse(text) as unknown) : text;

/** Answers of HTTP itself, before any path is looked at. */
const OF_HTTP = new Set([0, 408, 431]);

/** Whether the description can say something of this answer. */
const isDescribed = ({ method }: Outgoing, { status, text }: FuzzAnswer): boolean =>
  !OF_HTTP.has(status) && method !== 'HEAD' && !(status === 400 && text === '');

const undescribed = (outgoing: Outgoing, answer: FuzzAnswer): readonly string[] => {
  const { status, mediaType } = answer;
  // As it is on the wire: `URL` would resolve dots.
  const [, path = '', query = ''] = /^([^?#]*)\??([^#]*)/.exec(outgoing.path) ?? [];
  const parameters = new URLSearchParams(query);
  if (!path.startsWith('/') || parameters.has('fields') || !isDescribed(outgoing, answer)) return [];
  const exchange = { method: outgoing.method, path, query: parameters, status, mediaType, body: parsed(answer) };
  return description.violations(exchange);
};

/** The page about the API, its vendored viewer and the OpenAPI document are static: whatever they say, it is not of a request. */
const showsInsides = ({ path }: Outgoing, { text, mediaType }: FuzzAnswer): boolean =>
  mediaType !== 'text/html' && !/^\/api\/v1\/(openapi|docs\/viewer)/.test(path) && LEAK.test(text);

const wrongWith = (outgoing: Outgoing, answer: FuzzAnswer): readonly string[] => {
  if (answer.status >= 500) return [`answered ${answer.status}`];
  return showsInsides(outgoing, answer) ? ['shows our insides'] : undescribed(outgoing, answer);
};

const noteCreated = ({ location, status }: FuzzAnswer): void => {
  const [, collection, id] = /^\/api\/v1\/(\w+)\/(\d+)\/$/.exec(location) ?? [];
  if (status < 300 && collection !== undefined && id !== undefined) ids.set(collection, Number(id));
};

const tryOne = async (request: FuzzRequest): Promise<void> => {
  const outgoing = outgoingOf(request);
  try {
    const answer = await sender.send(outgoing);
    statuses.set(answer.status, (statuses.get(answer.status) ?? 0) + 1);
    noteCreated(answer);
    const what = wrongWith(outgoing, answer).join('; ');
    if (what)
      findings.push({ what, request: shown(outgoing), answer: `${answer.status} ${answer.text.slice(0, 300)}` });
  } catch (error) {
    findings.push({ what: String(error), request: shown(outgoing), answer: '' });
  }
};

const shareOf = (wanted: (status: number) => boolean): number =>
  [...statuses].reduce((sum, [status, count]) => sum + (wanted(status) ? count : 0), 0) / REQUESTS;

describe('the API', () => {
  test(`answers ${REQUESTS} random requests of seed ${SEED} as documented`, { timeout: 600_000 }, async () => {
    const requests = fuzzRequests(description.operations, fields);
    for (let round = 0; round * ROUND < REQUESTS && findings.length < MAX_FINDINGS; round += 1) {
      await seed(round);
      const left = fc.sample(requests, { numRuns: Math.min(ROUND, REQUESTS - round * ROUND), seed: SEED + round });
      const work = async (): Promise<void> => {
        for (let next = left.pop(); next; next = left.pop()) await tryOne(next);
      };
      await Promise.all(Array.from({ length: AT_ONCE }, work));
    }
    expect(findings.slice(0, MAX_FINDINGS), JSON.stringify(Object.fromEntries(statuses))).toEqual([]);
    // It would prove little if nothing got past the door.
    expect(shareOf((status) => status < 300)).toBeGreaterThan(0.2);
    expect(shareOf((status) => status === 400)).toBeGreaterThan(0.1);
    expect(shareOf((status) => status === 0)).toBeLessThan(0.02);
  });

  const raw = async (bytes: string): Promise<string> => {
    const { hostname, port } = new URL(server.url);
    const socket = connect(Number(port), hostname);
    socket.setTimeout(9_000, () => socket.destroy(new Error('no answer')));
    socket.write(Buffer.from(bytes, 'latin1'));
    // Who is not listened to any more may be cut off while still sending.
    return text(socket).catch((error: unknown) => ('ECONNRESET' === Object(error).code ? '' : String(error)));
  };

  const closing = 'Host: localhost\r\nConnection: close\r\n';
  test.each([
    ['TLS', '\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03'],
    ['no path', 'GET\r\n\r\n'],
    ['an unknown version', `GET / HTTP/9.9\r\n${closing}\r\n`],
    ['no Host', 'GET /api/v1/ping/ HTTP/1.1\r\nConnection: close\r\n\r\n'],
    ['two Hosts', `GET /api/v1/ping/ HTTP/1.1\r\nHost: b\r\n${closing}\r\n`],
    ['NUL in the path', `GET /\0 HTTP/1.1\r\n${closing}\r\n`],
    ['NUL in a header', `GET /api/v1/ping/ HTTP/1.1\r\nX\0: y\r\n${closing}\r\n`],
    ['a negative length', `POST /api/token/obtain/ HTTP/1.1\r\nContent-Length: -1\r\n${closing}\r\n`],
    [
      'two lengths',
      `POST /api/token/obtain/ HTTP/1.1\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n${closing}\r\n0\r\n\r\n`,
    ],
    ['broken chunks', `POST /api/token/obtain/ HTTP/1.1\r\nTransfer-Encoding: chunked\r\n${closing}\r\nzz\r\n`],
    ['a path without end', `GET /${'x'.repeat(70_000)} HTTP/1.1\r\n${closing}\r\n`],
    ['HTTP 1.0', 'GET /api/v1/ping/ HTTP/1.0\r\nHost: localhost\r\n\r\n'],
    ['HTTP 2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
    [
      'a web socket',
      'GET /api/v1/ping/ HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade, close\r\nUpgrade: websocket\r\n\r\n',
    ],
    ['a proxy’s request', `CONNECT localhost:22 HTTP/1.1\r\n${closing}\r\n`],
  ])('%s is refused or answered, and the connection ends', async (_what, bytes) => {
    const answer = await raw(bytes);
    expect(answer).toMatch(/^(HTTP\/1\.1 (200|4\d\d) |$)/);
    expect(answer).not.toMatch(LEAK);
  });
});

describe('a packed body', () => {
  /** What is answered to it, and to the next request on the same connection. */
  const statusesOf = async (encoding: string, body: Buffer): Promise<readonly number[]> => {
    const one = createFuzzSender(server.url, 1);
    const headers = { 'content-type': 'application/json', 'content-encoding': encoding };
    try {
      const first = await one.send({ method: 'POST', path: '/api/token/obtain/', headers, body });
      const next = await one.send({ method: 'GET', path: '/api/v1/ping/', headers: {}, body: undefined });
      return [first.status, next.status];
    } finally {
      one.close();
    }
  };

  test.each(['gzip', 'deflate', 'br'])('that %s cannot unpack holds up no other request', async (encoding) => {
    expect(await statusesOf(encoding, Buffer.from(`{"name":"${'x'.repeat(900_000)}"}`))).toEqual([400, 200]);
  });

  test('is measured unpacked', async () => {
    expect(await statusesOf('gzip', gzipSync(Buffer.alloc(100 * 1024 * 1024)))).toEqual([413, 200]);
  });
});

test('the product still serves after all these requests', async () => {
  const ready = await server.send('GET', '/readyz', { as: null });
  expect([ready.status, ready.body.status]).toEqual([200, 'ready']);
  const client = await create('clients', { hostname: 'after-all.invalid' });
  expect((await server.send('GET', client.url, { as: SUPERUSER })).body).toEqual(client);
});
