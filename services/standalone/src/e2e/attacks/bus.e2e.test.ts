import { createLogger, delay, type ServiceName } from '@cyborgbackup/kernel';
import { createNatsConnection, type Connection } from '@cyborgbackup/messaging';
import { natsUrlOf } from '@cyborgbackup/service';
import { headers, type Msg } from '@nats-io/transport-node';
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { logIn, type ApiClient } from '../../demo/api-client.ts';
import { startE2eHost, type E2eHost } from '../testing/e2e-host.ts';
import { jobEnd } from '../testing/job-end.ts';
import { launch, makeThings, PASSPHRASE, type Things } from '../testing/policy.ts';
import { startSeparateServices, type SeparateServices } from '../testing/separate-services.ts';
import { ADMIN } from '../testing/whole-product.ts';

const logger = createLogger('test', 'silent');
const VARIABLE = 'a variable that is secret';
const HOOK = 'the-password-in-a-hook';
const NEW_PASSWORD = 'another horse battery 2';

const resources = new AsyncDisposableStack();
let product: SeparateServices;
let host: E2eHost;
let api: ApiClient;
let things: Things;
/** All that was said on the bus. */
const overheard: Msg[] = [];

const connect = async (name: string, natsUrl: string): Promise<Connection> => {
  const connection = await createNatsConnection({ natsUrl, name, logger });
  resources.defer(connection.close);
  return connection;
};

beforeAll(async () => {
  product = resources.use(await startSeparateServices());
  // Whoever runs the NATS server hears everything, whatever the services may do.
  const spy = await connect('spy', product.nats.url);
  spy.nats.subscribe('>', { callback: (_error, message) => void overheard.push(message) });
  await spy.nats.flush();
  api = await logIn(product.url, ADMIN);
  host = resources.use(await startE2eHost(await api.get('/api/v1/settings/get_ssh_publickey/', z.string())));
  things = await makeThings(api, host, {
    policy: { extra_vars: JSON.stringify({ folders: [host.source], exclude: [VARIABLE] }), prehook: `: ${HOOK}` },
  });
  await api.post('/api/v1/users/', { email: 'b@example.com', password: NEW_PASSWORD }, z.unknown());
}, 120_000);

afterAll(() => resources.disposeAsync());

test('each service gets through a backup, its catalog and a download with the few rights that it has', async () => {
  const job = await jobEnd(api, await launch(api, things.policy), 90_000);
  expect(job).toMatchObject({ status: 'successful' });
  const entries = z.object({ results: z.array(z.object({ id: z.number(), size: z.number() })) });
  let found: z.output<typeof entries>['results'] = [];
  while (found.length === 0) {
    found = (await api.get('/api/v1/catalogs/?path__icontains=file 7.bin', entries)).results;
    await delay(100);
  }
  const basic = Buffer.from(`${ADMIN.email}:${ADMIN.password}`).toString('base64');
  const download = (): Promise<Response> =>
    fetch(`${product.url}/api/v1/catalogs/${found[0]?.id}/content/`, { headers: { authorization: `Basic ${basic}` } });
  let content = await download();
  // The last jobs of the chain still write to the repository.
  for (; content.status === 503; content = await download()) await content.arrayBuffer();
  expect((await content.arrayBuffer()).byteLength).toBe(found[0]?.size);
});

test('an executor without a master key is given secrets once for each job, and for what a user downloads', async () => {
  const { rows } = await product.admin.query<{ type: string; reads: number; jobs: number }>(
    `select type, count(*)::int as reads, count(distinct data->>'job')::int as jobs from events.events
      where type in ('job-secrets-read', 'content-secrets-read') group by type order by type`,
  );
  const [content, jobs] = rows;
  expect(content).toMatchObject({ type: 'content-secrets-read', jobs: 1 });
  expect(jobs?.reads).toBeGreaterThan(2);
  expect(jobs?.jobs).toBe(jobs?.reads);
});

describe('on the bus', () => {
  test('no passphrase, password, its hash, and no variable can be read by whoever hears everything', () => {
    expect(overheard.length).toBeGreaterThan(20);
    const secrets = [PASSPHRASE, VARIABLE, HOOK, NEW_PASSWORD, ADMIN.password, '$scrypt$', 'PRIVATE KEY'];
    for (const { subject, data } of overheard) {
      const said = Buffer.from(data).toString('latin1');
      expect(
        secrets.filter((secret) => said.includes(secret)),
        subject,
      ).toEqual([]);
    }
  });

  const SUBJECT = 'inventory.user.register';

  const registration = (): string =>
    JSON.stringify({
      pattern: SUBJECT,
      id: '1',
      data: {
        ...{ uuid: randomUUID(), command_id: randomUUID(), email: 'evil@example.com', first_name: '', last_name: '' },
        ...{
          is_superuser: true,
          password_hash: '$scrypt$evil',
          notify_backup_daily: false,
          notify_backup_weekly: false,
        },
        ...{ notify_backup_monthly: false, notify_backup_success: false, notify_backup_failed: false },
        notify_backup_summary: false,
      },
    });

  const forgedHeaders = async (kind: 'user' | 'system' = 'user'): Promise<ReturnType<typeof headers>> => {
    const { rows } = await product.admin.query<{ uuid: string }>(
      'select uuid from inventory.users order by id limit 1',
    );
    const forged = headers();
    const actor = { kind, id: kind === 'user' ? rows[0]?.uuid : 'gateway' };
    forged.set(
      'Cyborgbackup-Context',
      JSON.stringify({ actor, correlationId: randomUUID(), causationId: randomUUID() }),
    );
    return forged;
  };

  const superusers = async (): Promise<readonly string[]> => {
    const page = z.object({ results: z.array(z.object({ email: z.string(), is_superuser: z.boolean() })) });
    const { results } = await api.get('/api/v1/users/', page);
    return results.filter(({ is_superuser }) => is_superuser).map(({ email }) => email);
  };

  const services: readonly ServiceName[] = ['executor', 'catalog', 'scheduler', 'inventory'];

  test.each(services)('a superuser cannot be registered with what the %s has', async (name) => {
    const session = await connect(name, natsUrlOf(product.nats.environmentOf(name)));
    const options = { headers: await forgedHeaders(), timeout: 2_000 };
    await expect(session.nats.request(SUBJECT, registration(), options)).rejects.toThrow(/permissions/i);
    expect(await superusers()).toEqual([ADMIN.email]);
  });

  test.each(['user', 'system'] as const)(
    'a superuser cannot be registered in the name of another %s even by whoever may send everything',
    async (kind) => {
      // The inventory answers nobody but those who may call it.
      const session = await connect('gateway', product.nats.url);
      const options = { headers: await forgedHeaders(kind), timeout: 5_000 };
      const answer = await session.nats.request(SUBJECT, registration(), options);
      expect(answer.json()).toMatchObject({
        err: { code: 'forbidden', message: expect.stringContaining('signature') },
      });
      expect(await superusers()).toEqual([ADMIN.email]);
    },
  );
});
