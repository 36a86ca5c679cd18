import { hostKeyCommands, hostKeyStream, hostKeyUrl } from '@cyborgbackup/contracts';
import type { RowOf } from '@cyborgbackup/projections/define';
import { inventory } from '@cyborgbackup/read-models';
import { z } from 'zod';
import type { GatewayDeps } from '../deps.ts';
import { endpoint, type ApiRequest, type Endpoint } from '../../http/core/endpoint.ts';
import { noSuch } from '../../http/core/http-error.ts';
import { listSchema } from '../../http/lists/list-endpoint.ts';
import { pageOfItems } from '../../http/lists/page-of-items.ts';
import { represent } from '../../http/core/representation.ts';
import { columnsOf } from '../../db/authored.ts';
import { NOT_YET_VISIBLE } from '../../backend/calls.ts';
import { hostKeySchema } from './schema.ts';

type HostKeyRow = Omit<RowOf<typeof inventory.hostKeys>, 'stream'>;

const SELECT = `select ${columnsOf(inventory.hostKeys, ['stream'])} from inventory.host_keys t`;

const presentHostKey = (row: HostKeyRow): object =>
  represent(hostKeySchema, { ...row, url: hostKeyUrl(row.host, row.port) });

const rowOf = (deps: GatewayDeps, host: string, port: number): Promise<HostKeyRow | undefined> =>
  deps.reader.row<HostKeyRow>(`${SELECT} where stream = $1`, [hostKeyStream(host, port)]);

/** `host:port`, as the URL has it. */
const find = async (deps: GatewayDeps, request: ApiRequest): Promise<HostKeyRow> => {
  const [, host = '', port = ''] = /^(.+):(\d{1,5})$/.exec(request.params['endpoint'] ?? '') ?? [];
  const row = await rowOf(deps, host, Number(port));
  if (!row) throw noSuch('HostKey');
  return row;
};

const hostKeyBody = z.object({
  host: z
    .string()
    .min(1)
    .max(1024)
    .describe('`NAME:PORT`, as jobs connect to it: `nas.example.com:22` or `[2001:db8::1]:22`.'),
  public_key: z
    .string()
    .min(1)
    .max(16_384)
    .describe(
      'The host’s key as in known_hosts: `ssh-ed25519 AAAA…`; the host’s /etc/ssh/ssh_host_ed25519_key.pub has it.',
    ),
});

const common = { answers: hostKeySchema } as const;
/** The SSH host keys that were pinned at first contact, or before. */
export const hostKeyRoutes = (deps: GatewayDeps): readonly Endpoint[] => [
  endpoint({
    route: 'GET /api/v1/host_keys',
    ...common,
    access: 'user',
    summary: 'Retrieve a list of all pinned SSH host keys',
    answers: listSchema(hostKeySchema),
    handle: async (request) => {
      const rows = await deps.reader.rows<HostKeyRow>(`${SELECT} order by host, port`);
      return {
        body: pageOfItems(request, { label: 'HostKey', schema: hostKeySchema, items: rows.map(presentHostKey) }),
      };
    },
  }),
  endpoint({
    route: 'POST /api/v1/host_keys',
    ...common,
    access: 'superuser',
    token: 'secrets',
    summary: 'Pin the SSH host key of one host and port, before the first contact',
    details: 'Pinning the same key again changes nothing. Another pinned key has to be forgotten first.',
    body: hostKeyBody,
    success: 201,
    statuses: { 409: 'Another key is pinned there.' },
    handle: async (request) => {
      const { host, port, position } = await deps.call(hostKeyCommands.pin, request.body);
      const headers = { Location: hostKeyUrl(host, port) };
      await deps.waitForProjection('inventory', position);
      const row = await rowOf(deps, host, port);
      if (row) return { status: 201, body: presentHostKey(row), headers };
      return { status: 202, body: { detail: NOT_YET_VISIBLE, url: hostKeyUrl(host, port) }, headers };
    },
  }),
  endpoint({
    route: 'GET /api/v1/host_keys/:endpoint',
    ...common,
    access: 'user',
    summary: 'Retrieve the pinned SSH host key of one host and port',
    handle: async (request) => ({ body: presentHostKey(await find(deps, request)) }),
  }),
  endpoint({
    route: 'DELETE /api/v1/host_keys/:endpoint',
    ...common,
    access: 'superuser',
    token: 'secrets',
    summary: 'Forget a pinned SSH host key: the next contact pins the one found then, if the settings allow that',
    handle: async (request) => {
      const row = await find(deps, request);
      const { position } = await deps.call(hostKeyCommands.forget, { host: row.host, port: row.port });
      await deps.waitForProjection('inventory', position);
      return { body: presentHostKey(row) };
    },
  }),
];
