import { readSql } from '@cyborgbackup/database';
import {
  isSettingOn,
  mergeSettings,
  type policyCommands,
  type PolicySecret,
  type RpcInput,
  type RpcOutput,
  type StoredSetting,
} from '@cyborgbackup/contracts';
import { AppError } from '@cyborgbackup/kernel';
import type { Pool } from 'pg';

type Resolve = RpcInput<typeof policyCommands.resolve>;
type ResolvedPolicy = RpcOutput<typeof policyCommands.resolve>;

type PolicyRow = ResolvedPolicy['policy'] &
  Pick<ResolvedPolicy, PolicySecret> & {
    readonly repository: ResolvedPolicy['repository'];
    readonly schedule: ResolvedPolicy['schedule'];
    readonly client_ids: readonly number[];
    readonly revision: string;
  };

const READ_POLICY = readSql(new URL('./read-policy.sql', import.meta.url));

const readPolicy = async (pool: Pool, id: number): Promise<PolicyRow> => {
  const { rows } = await pool.query<PolicyRow>(READ_POLICY, [id]);
  const [row] = rows;
  if (!row) throw new AppError('not-found', `There is no policy ${id}: it may have been deleted.`);
  return row;
};

/** In the policy's order. A client that is marked for a newer borg is prepared again. */
const readClients = async (pool: Pool, ids: readonly number[]): Promise<ResolvedPolicy['clients']> => {
  const { rows } = await pool.query<ResolvedPolicy['clients'][number]>(
    `select c.id, c.uuid::text as uuid, c.hostname, c.port, c.bandwidth_limit, c.enabled, c.hypervisor_ready,
            c.ready and not c.mark_as_to_update as ready
       from unnest($1::int4[]) with ordinality as named(id, index)
       join inventory.clients c on c.id = named.id order by named.index`,
    [ids],
  );
  return rows;
};

/** Clients of one answer: some 200 bytes each, 700 at most. */
const CLIENTS = 1_000;

/**
 * All that a launch needs to know of a policy, from the read model: wait for that first (`waitForInventory`).
 * @throws AppError `not-found`
 */
export const resolvePolicy = async (pool: Pool, { id, clients_from: from }: Resolve): Promise<ResolvedPolicy> => {
  const { extra_vars, prehook, posthook, repository, schedule, client_ids, revision, ...policy } = await readPolicy(
    pool,
    id,
  );
  const { rows: stored } = await pool.query<StoredSetting>('select * from inventory.settings');
  const values = new Map(mergeSettings(stored).map(({ key, value }) => [key, value]));
  const isOn = (name: string): boolean => isSettingOn(values.get(`cyborgbackup_${name}`) ?? null);
  return {
    policy,
    repository,
    schedule,
    clients: await readClients(pool, client_ids.slice(from, from + CLIENTS)),
    revision,
    next: client_ids.length > from + CLIENTS ? from + CLIENTS : null,
    ...{ extra_vars, prehook, posthook },
    catalog_enabled: isOn('catalog_enabled'),
    auto_prune: isOn('auto_prune'),
  };
};
