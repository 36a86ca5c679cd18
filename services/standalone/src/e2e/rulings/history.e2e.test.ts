import { createServer, type Server, type Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { violationsSoFar } from '../testing/openapi-violations.ts';
import {
  startContractServer,
  type Answer,
  type ContractServer,
  type Json,
  type Sent,
} from '../testing/contract-server.ts';

let server: ContractServer;
/** Takes connections and says nothing, so that a job on it lasts until it gives up. */
let silent: Server;
const sockets = new Set<Socket>();

beforeAll(async () => {
  silent = createServer((socket) => sockets.add(socket.on('error', () => undefined)));
  await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
  server = await startContractServer({ CYBORGBACKUP_SSH_CONNECT_TIMEOUT: '60' });
});
afterAll(async () => {
  await server?.[Symbol.asyncDispose]();
  for (const socket of sockets) socket.destroy();
  silent.close();
});

const send = (method: string, path: string, sent?: Sent): Promise<Answer> => server.send(method, path, sent);

const create = async (collection: string, body: object): Promise<Json> => {
  const answer = await send('POST', `/api/v1/${collection}/`, { body });
  expect(answer.status, JSON.stringify(answer.body)).toBe(200);
  return answer.body;
};

const portOf = (listening: Server): number => {
  const address = listening.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
};

const listed = async (query: string): Promise<Json> => (await send('GET', `/api/v1/${query}`)).body;

describe('what a job works on', () => {
  const things: Record<string, Json> = {};
  let job: Json;

  beforeAll(async () => {
    const person = { email: 'operator@example.com', password: 'a long password', is_superuser: true };
    things['user'] = await create('users', person);
    const as = person;
    const port = portOf(silent);
    const made = async (collection: string, body: object): Promise<Json> =>
      (await send('POST', `/api/v1/${collection}/`, { body, as })).body;
    things['client'] = await made('clients', { hostname: '127.0.0.1', port, ready: true });
    things['schedule'] = await made('schedules', { name: 'Nightly', crontab: '0 5 * * *' });
    things['repository'] = await made('repositories', {
      name: 'Main',
      path: `ssh://borg@127.0.0.1:${port}/srv/repository`,
      ready: true,
    });
    things['policy'] = await made('policies', {
      name: 'Everything',
      clients: [things['client'].id],
      schedule: things['schedule'].id,
      repository: things['repository'].id,
    });
    job = (await send('POST', `${things['policy'].url}launch/`, { as })).body;
  });

  test('cannot be deleted while the job is active, and the answer says why', async () => {
    expect((await send('GET', `${job.url}cancel/`)).body).toEqual({ can_cancel: true });
    for (const name of ['policy', 'client', 'repository', 'schedule']) {
      const { status, body } = await send('DELETE', things[name].url);
      expect([status, typeof body.detail], name).toEqual([409, 'string']);
    }
    expect((await send('POST', `${things['policy'].url}launch/`)).status).toBe(409);
  });

  test('can be deleted once it has ended; what it was stays readable', async () => {
    expect((await send('POST', `${job.url}cancel/`)).status).toBe(202);
    const status = async (): Promise<string> => String((await send('GET', job.url)).body.status);
    await expect.poll(status, { timeout: 20_000 }).toBe('canceled');
    for (const name of ['policy', 'client', 'repository', 'schedule', 'user']) {
      const answer = await send('DELETE', things[name].url);
      expect([answer.status, answer.body.id], name).toEqual([200, things[name].id]);
      expect((await send('GET', things[name].url)).status).toBe(404);
    }
    const detail = await send('GET', job.url);
    expect(detail.body).toMatchObject({
      status: 'canceled',
      policy: things['policy'].id,
      client: things['client'].id,
      created_by: null,
      summary_fields: {
        policy: { name: 'Everything' },
        client: { hostname: '127.0.0.1' },
        repository: { name: 'Main' },
        schedule: { name: 'Nightly' },
      },
    });
    expect(detail.body.related).not.toHaveProperty('policy');
    expect((await listed(`jobs/?id=${job.id}`)).results).toHaveLength(1);
    for (const action of ['job_events', 'stdout']) {
      expect((await send('GET', `${job.url}${action}/`)).status, action).toBe(200);
    }
    expect((await send('POST', `${job.url}cancel/`)).status).toBe(405);
  });

  test('leaves all its events in the log', async () => {
    const { rows } = await server.admin.query<{ type: string }>(
      "select type from events.events where data ->> 'uuid' = $1 order by position",
      [things['client'].uuid],
    );
    expect(rows.map(({ type }) => type)).toEqual(['client-registered', 'client-removed']);
  });
});

test('the OpenAPI document describes all that was answered', async () => {
  expect(await violationsSoFar(server)).toEqual([]);
});
