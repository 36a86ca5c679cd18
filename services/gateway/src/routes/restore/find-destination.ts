import type { schedulerCommands } from '@cyborgbackup/contracts';
import { fieldError } from '@cyborgbackup/kernel';
import type { z } from 'zod';
import type { GatewayDeps } from '../deps.ts';
import type { FoundArchive } from '../archives/find-archive.ts';

type Client = NonNullable<z.input<(typeof schedulerCommands)['restore']['input']>['client']>;

interface DestinationRow extends Client {
  readonly enabled: boolean;
}

/** The destination that is the repository's host instead of a client. */
export const REPOSITORY_HOST = 'repository';

const COLUMNS = 'id, uuid, hostname, port, bandwidth_limit, enabled';
const BY_UUID = `select ${COLUMNS} from inventory.clients where uuid = $1`;
const BY_NAME = `select ${COLUMNS} from inventory.clients where id::text = $1 or hostname = $1 order by id limit 2`;

const requireEnabled = ({ enabled, ...client }: DestinationRow): Client => {
  if (enabled) return client;
  throw fieldError('destination', `The client "${client.hostname}" is disabled: enable it first.`);
};

const original = async ({ reader }: GatewayDeps, { client_uuid }: FoundArchive): Promise<Client> => {
  const row = client_uuid === null ? undefined : await reader.row<DestinationRow>(BY_UUID, [client_uuid]);
  if (!row) throw fieldError('destination', 'The client that was backed up is gone: name another destination.');
  return requireEnabled(row);
};

/**
 * The client to restore to, by id or host name; default: the one that was backed up. Null for the repository's own host.
 * @throws AppError `validation` when it is unknown, not unique or disabled
 */
export const findDestination = async (
  deps: GatewayDeps,
  archive: FoundArchive,
  destination: number | string | undefined,
): Promise<Client | null> => {
  if (destination === undefined || destination === '') return original(deps, archive);
  if (destination === REPOSITORY_HOST) return null;
  const [client, other] = await deps.reader.rows<DestinationRow>(BY_NAME, [String(destination)]);
  if (!client) throw fieldError('destination', `There is no client "${destination}".`);
  if (other) throw fieldError('destination', `Several clients are named "${destination}": give the id of one.`);
  return requireEnabled(client);
};
