import { randomUUID } from 'node:crypto';
import { Agent, request as sendRequest } from 'node:http';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { apiTokenHash } from './auth/authenticate.ts';
import type { GatewayDeps } from './routes/deps.ts';
import type { Endpoint } from './http/core/endpoint.ts';
import { createEndpoints } from './endpoints.ts';
import { insertSeries } from './testing/catalog-rows.ts';
import { ADMIN, basic, startTestGateway, type TestGateway } from './testing/test-gateway.ts';

/*
 * Requests that a schema-aware and a careless client might send. None may be answered by a 5xx, with a stack trace, or not
 * at all. The seed is in the message of a failure; put it here to see the same requests again.
 */
const SEED = Date.now() % 1_000_000;
const REQUESTS = 2_000;
const AT_ONCE = 16;
const TOKEN = 'the-token-of-the-fuzzer';

let gateway: TestGateway;
const agent = new Agent({ keepAlive: true, maxSockets: AT_ONCE });

beforeAll(async () => {
  gateway = await startTestGateway({ CYBORGBACKUP_RATE_LIMIT: '1000000' });
  const { insert, deps, services } = gateway;
  const [admin] = await gateway.sql('select uuid from inventory.users where id = 1');
  await insert('inventory.api_tokens', {
    user_uuid: admin.uuid,
    scope: 'read write secrets data',
    token_hash: apiTokenHash(TOKEN),
    last_used: new Date().toISOString(),
  });
  await insert('inventory.clients', { id: 1, hostname: 'web' });
  await insert('inventory.schedules', {
    id: 1,
    name: 's',
    crontab: '*/5 * * * *',
    timezone: 'Europe/Berlin',
    enabled: true,
  });
  const repository_key = await deps.keys.seal(`repository-${randomUUID()}`, 'k');
  await insert('inventory.repositories', { id: 1, name: 'r', repository_key, escrow_key: repository_key });
  await insert('inventory.policies', {
    id: 1,
    name: 'p',
    policy_type: 'folders',
    clients: [1],
    repository: 1,
    schedule: 1,
    enabled: true,
    extra_vars: await deps.keys.seal(`policy-${randomUUID()}`, '{}'),
    prehook: await deps.keys.seal(`policy-${randomUUID()}`, ''),
    posthook: await deps.keys.seal(`policy-${randomUUID()}`, ''),
  });
  const job = randomUUID();
  await insert('scheduler.jobs', {
    id: 1,
    uuid: job,
    status: 'running',
    job_type: 'job',
    launch_type: 'manual',
    policy: 1,
  });
  await insert('executor.job_events', { id: 1, job_uuid: job, counter: 1, event: 'verbose', stdout: 'x' });
  await insertSeries(insert, 1, [{ job_uuid: job, archive_name: 'a', sequence: 1, id_base: 1 }], [{ path: 'etc' }]);
  // Fits the answer of every command.
  services.onAny(({ uuid = randomUUID() }) => ({
    uuid,
    id: 1,
    version: 1,
    position: '0',
    job: 1,
    public_key: 'ssh-ed25519 AAAA',
    host: 'nas.example.com',
    port: 22,
    revoked: 1,
    line: 'restrict ssh-ed25519 AAAA',
    user: admin.uuid,
  }));
});
afterAll(async () => {
  agent.destroy();
  await gateway[Symbol.asyncDispose]();
});

/** mulberry32: small, fast and the same everywhere. */
const randomFrom = (seed: number): (() => number) => {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
};

const random = randomFrom(SEED);
const below = (limit: number): number => Math.floor(random() * limit);
const oneOf = <T>(items: readonly T[]): T => items[below(items.length)] as T;
const chance = (probability: number): boolean => random() < probability;

const TEXTS = [
  ...[
    '',
    ' ',
    'x',
    '0',
    '1',
    '-1',
    '1.5',
    '1e999',
    'true',
    'null',
    'None',
    'NaN',
    '\0',
    '\ud800',
    '\u202e',
    '😀',
    '🇩🇪é́',
  ],
  ...[
    "' or 1=1 --",
    '"; drop table users; --',
    '$(id)',
    '`id`',
    '../../etc/passwd',
    '%00',
    '%ff',
    '%',
    '\\',
    '{}',
    '[]',
  ],
  ...[
    '{"folders":["/etc"]}',
    '$encrypted$',
    '*/1 * * * * *',
    '0 0 30 2 *',
    '60 * * * *',
    'user@host:/path',
    '(a+)+$',
    '[',
  ],
  ...[
    '2024-02-30',
    '9999-12-31T23:59:59Z',
    '0001-01-01',
    'x'.repeat(3_000),
    '1'.repeat(400),
    'a,b,c',
    '__proto__',
    'constructor',
  ],
];
const NUMBERS = [0, 1, -1, 2, 22, 65_536, 2 ** 31, 2 ** 53, -(2 ** 63), 1.5, 1e308, 1e-7];

const junk = (depth = 0): unknown => {
  const kind = below(depth > 2 ? 4 : 6);
  if (kind === 0) return oneOf(NUMBERS);
  if (kind === 1) return chance(0.5);
  if (kind === 2) return null;
  if (kind === 3) return oneOf(TEXTS);
  const items = Array.from({ length: below(4) }, () => junk(depth + 1));
  return kind === 4 ? items : Object.fromEntries(items.map((item, index) => [oneOf(TEXTS) || `k${index}`, item]));
};

const inner = (schema: unknown): unknown =>
  schema instanceof z.ZodOptional ||
  schema instanceof z.ZodNullable ||
  schema instanceof z.ZodDefault ||
  schema instanceof z.ZodPrefault
    ? inner(schema.unwrap())
    : schema;

/** What fits the schema, more or less. */
const fitting = (field: unknown): unknown => {
  const schema = inner(field);
  if (schema instanceof z.ZodEnum) return oneOf(schema.options);
  if (schema instanceof z.ZodBoolean) return chance(0.5);
  if (schema instanceof z.ZodNumber) return 1 + below(3);
  if (schema instanceof z.ZodArray) return [1];
  return oneOf(['text', 'a@b.example', '* * * * *', 'UTC', '/srv/repo', '{"folders":["/etc"]}', 'a good passphrase']);
};

const bodyFor = ({ body }: Endpoint): string => {
  if (!body || chance(0.1)) return chance(0.5) ? JSON.stringify(junk()) : oneOf(TEXTS);
  const fields = Object.entries<unknown>(body.shape).filter(() => chance(0.85));
  const isWild = chance(0.5);
  return JSON.stringify(
    Object.fromEntries(fields.map(([name, field]) => [name, isWild && chance(0.3) ? junk() : fitting(field)])),
  );
};

const LOOKUPS = 'exact iexact contains startswith iendswith regex iregex gt lte in isnull search int nothing'.split(
  ' ',
);

const parameterFor = ({ list, query }: Endpoint): [string, string] => {
  const reserved = ['page', 'page_size', 'order', 'order_by', 'search', 'type', 'fields', 'format', 'month'];
  const known = query ? Object.keys(query.shape) : [];
  if (!list || chance(0.3)) return [oneOf([...reserved, ...known, ...TEXTS]), oneOf(TEXTS)];
  const names = [...Object.keys(list.fields), ...Object.keys(list.relations)];
  const path = Array.from({ length: 1 + below(3) }, () => oneOf(names));
  const parts = [
    ...(chance(0.2) ? [oneOf(['or', 'not', 'chain'])] : []),
    ...path,
    ...(chance(0.5) ? [oneOf(LOOKUPS)] : []),
  ];
  if (chance(0.2)) return [oneOf(['order', 'fields']), `${oneOf(['', '-'])}${path.slice(0, 1 + below(2)).join('__')}`];
  return [parts.join('__'), oneOf([...TEXTS, '1', 'web', 'true'])];
};

interface Wild {
  readonly method: string;
  readonly path: string;
  readonly headers: Record<string, string>;
  readonly body: string | undefined;
}

const headerText = (): string =>
  oneOf(TEXTS)
    .replaceAll(/[^\x20-\x7e]/g, '')
    .slice(0, 200);

const pathFor = (endpoint: Endpoint): string => {
  const path = endpoint.path.replaceAll(/:\w+/g, () =>
    chance(0.7) ? '1' : encodeURIComponent(oneOf(TEXTS).toWellFormed().slice(0, 300)) || '0',
  );
  const parameters = Array.from({ length: chance(0.6) ? below(4) : 0 }, () => parameterFor(endpoint));
  const query = new URLSearchParams(parameters).toString();
  return `${path}${oneOf(['', '/', '/', '/', '/', chance(0.1) ? '//' : '/'])}${query && `?${query}`}${chance(0.03) ? '&%%%=%zz' : ''}`;
};

const wildRequest = (endpoints: readonly Endpoint[]): Wild => {
  const endpoint = oneOf(endpoints);
  const method = chance(0.9) ? endpoint.method : oneOf(['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'HEAD']);
  const hasBody = ['POST', 'PUT', 'PATCH'].includes(method) && chance(0.9);
  const optional: [string, string][] = [
    ['If-Match', oneOf(['"1"', '*', 'W/"0"', headerText()])],
    ['Idempotency-Key', oneOf(['k1', 'k2', headerText()])],
    ['X-Request-Id', headerText()],
    ['Accept', oneOf(['text/html', '*/*', headerText()])],
  ];
  return {
    method,
    path: pathFor(endpoint),
    headers: {
      Authorization: chance(0.9)
        ? oneOf([`Token ${TOKEN}`, basic(ADMIN)])
        : oneOf(['', 'Bearer x.y.z', 'Token x', 'Digest x', 'Basic']),
      ...(hasBody
        ? { 'Content-Type': chance(0.9) ? 'application/json' : oneOf(['text/plain', 'application/xml', '']) }
        : {}),
      ...Object.fromEntries(optional.filter(() => chance(0.1))),
    },
    body: hasBody ? bodyFor(endpoint) : undefined,
  };
};

const send = (wild: Wild): Promise<{ status: number; text: string }> =>
  new Promise((resolve, reject) => {
    const { method, headers, body } = wild;
    const outgoing = sendRequest(
      `${gateway.url}${wild.path}`,
      { method, headers, agent, timeout: 15_000 },
      (answer) => {
        let text = '';
        answer.setEncoding('utf8').on('data', (part: string) => (text += part));
        // A stream of events goes on for as long as there is something to tell.
        if (answer.headers['content-type']?.startsWith('text/event-stream')) {
          answer.once('data', () => {
            resolve({ status: answer.statusCode ?? 0, text });
            outgoing.destroy();
          });
        }
        answer.on('end', () => resolve({ status: answer.statusCode ?? 0, text }));
        answer.on('error', reject);
      },
    );
    outgoing.on('timeout', () => outgoing.destroy(new Error('no answer')));
    outgoing.on('error', reject);
    outgoing.end(body);
  });

const TRACE = /\bat \S+ \(|node_modules|\.ts:\d+|\.js:\d+/;

test(`answers random requests without an error of its own (seed ${SEED})`, { timeout: 240_000 }, async () => {
  const endpoints = createEndpoints({
    deps: { sessions: {} } as GatewayDeps,
    logIn: async () => undefined,
    tokens: {} as never,
    version: '',
    allowedHosts: [],
    // No executor is there to read archives.
  }).filter(({ path }) => !path.endsWith('/content'));
  const statuses = new Map<number, number>();
  const failures: unknown[] = [];
  let left = REQUESTS;
  const worker = async (): Promise<void> => {
    while (left > 0 && failures.length < 10) {
      left -= 1;
      const wild = wildRequest(endpoints);
      const answer = await send(wild).catch((error: unknown) => ({ status: 599, text: String(error) }));
      statuses.set(answer.status, (statuses.get(answer.status) ?? 0) + 1);
      if (answer.status >= 500 || TRACE.test(answer.text)) failures.push({ ...wild, answer });
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  expect(failures).toEqual([]);
  // It would prove little if all were refused at the door.
  expect(statuses.get(200)).toBeGreaterThan(REQUESTS / 5);
  expect(statuses.get(400)).toBeGreaterThan(REQUESTS / 20);
});
