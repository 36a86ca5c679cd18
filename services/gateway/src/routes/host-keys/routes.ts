import { hostKeyCommands, hostKeyStream } from '@cyborgbackup/contracts';
import type { RowOf } from '@cyborgbackup/projections/define';
import { inventory } from '@cyborgbackup/read-models';
import { z } from 'zod';
import type { GatewayDeps } from '../deps.ts';
import { endpoint, type ApiRequest, type Endpoint } from '../../http/core/endpoint.ts';
import { noSuch } from '../../http/core/http-error.ts';
import { listSchema } from '../../http/lists/list-endpoint.ts';
import { pageOfItems } from '../../http/lists/page-of-items.ts';
import { represent, urlOf } from '../../http/core/representation.ts';
import { columnsOf } from '../../db/authored.ts';

type HostKeyRow = Omit<RowOf<typeof inventory.hostKeys>, 'stream'>;

const hostKeySchema = z.object({
  type: z.literal('host_key'),
  url: z.string(),
  host: z.string(),
  port: z.int(),
  key_type: z.string(),
  /** As ssh-keygen prints it. */
  fingerprint: z.string(),
  public_key: z.string(),
  created: z.string(),
});

const SELECT = `select ${columnsOf(inventory.hostKeys, ['stream'])} from inventory.host_keys t`;

const presentHostKey = (row: HostKeyRow): object =>
  represent(hostKeySchema, { ...row, url: urlOf('host_keys', `${encodeURIComponent(row.host)}:${row.port}`) });

/** `host:port`, as the URL has it. */
const find = async (deps: GatewayDeps, request: ApiRequest): Promise<HostKeyRow> => {
  const [, host = '', port = ''] = /^(.+):(\d{1,5})$/.exec(request.params['endpoint'] ?? '') ?? [];
  const row = await deps.reader.row<HostKeyRow>(`${SELECT} where stream = $1`, [hostKeyStream(host, Number(port))]);
  if (!row) throw noSuch('HostKey');
  return row;
};

const common = { answers: hostKeySchema } as const;
/** The SSH host keys that were pinned at first contact. */
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
    summary: 'Forget a pinned SSH host key: the next contact pins the one found then',
    handle: async (request) => {
      const row = await find(deps, request);
      const { position } = await deps.call(hostKeyCommands.forget, { host: row.host, port: row.port });
      await deps.waitForProjection('inventory', position);
      return { body: presentHostKey(row) };
    },
  }),
];
