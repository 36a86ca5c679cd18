import { hostKeyCommands, hostKeyStream } from '@cyborgbackup/contracts';
import type { RowOf } from '@cyborgbackup/projections/define';
import { inventory } from '@cyborgbackup/read-models';
import { z } from 'zod';
import type { GatewayDeps } from '../../http/deps.ts';
import { endpoint, type ApiRequest, type Endpoint } from '../../http/endpoint.ts';
import { noSuch } from '../../http/http-error.ts';
import { listSchema } from '../../http/list-endpoint.ts';
import { pageOfItems } from '../../http/page-of-items.ts';
import { API_ROOT, urlOf } from '../../http/representation.ts';
import { columnsOf } from '../../read/authored.ts';

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

const presentHostKey = (row: HostKeyRow): object => ({
  type: 'host_key',
  url: urlOf('host_keys', `${encodeURIComponent(row.host)}:${row.port}`),
  ...row,
});

/** `host:port`, as the URL has it. */
const find = async (deps: GatewayDeps, request: ApiRequest): Promise<HostKeyRow> => {
  const [, host = '', port = ''] = /^(.+):(\d{1,5})$/.exec(request.params['place'] ?? '') ?? [];
  const row = await deps.reader.row<HostKeyRow>(`${SELECT} where stream = $1`, [hostKeyStream(host, Number(port))]);
  if (!row) throw noSuch('HostKey');
  return row;
};

const common = { tag: 'host_keys', answers: hostKeySchema } as const;
const path = `${API_ROOT}/host_keys`;

/** The SSH host keys that were pinned at first contact. */
export const hostKeyRoutes = (deps: GatewayDeps): readonly Endpoint[] => [
  endpoint({
    ...common,
    method: 'GET',
    path,
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
    ...common,
    method: 'GET',
    path: `${path}/:place`,
    access: 'user',
    summary: 'Retrieve the pinned SSH host key of one host and port',
    handle: async (request) => ({ body: presentHostKey(await find(deps, request)) }),
  }),
  endpoint({
    ...common,
    method: 'DELETE',
    path: `${path}/:place`,
    access: 'superuser',
    summary: 'Forget a pinned SSH host key: the next contact pins the one found then',
    handle: async (request) => {
      const row = await find(deps, request);
      const { position } = await deps.call(hostKeyCommands.forget, { host: row.host, port: row.port });
      await deps.settle('inventory', position);
      return { body: presentHostKey(row) };
    },
  }),
];
