import 'reflect-metadata';
import { createRpcService, type RpcService } from '@cyborgbackup/messaging';
import { createCheckpointWaiter, ensureProjection, runProjection } from '@cyborgbackup/projections';
import { commandDeps, standardChecks, type RunningService, type ServiceParts } from '@cyborgbackup/service';
import type { AdminConfig } from './admin-config.ts';
import { inventoryModule } from './inventory.module.ts';
import { inventoryProjection } from './read/inventory-projection.ts';
import { ensureSshKey } from './settings/ssh-keys.ts';
import { createExclusive } from './shared/exclusive.ts';
import type { InventoryDeps } from './shared/inventory-deps.ts';
import { ensureFirstAdministrator, type InitialAdmin } from './user/first-administrator.ts';

const SERVICE = 'inventory';

export interface InventoryService extends RunningService {
  /** The log-in of the administrator that this start made with a random password. Print it once; it is stored nowhere. */
  readonly initialAdmin?: InitialAdmin;
}

const inventoryDeps = (parts: ServiceParts): InventoryDeps => ({
  ...commandDeps(parts, SERVICE),
  pool: parts.pool,
  keys: parts.keys,
  waiter: createCheckpointWaiter({ pool: parts.pool }),
  exclusive: createExclusive(parts.pool),
  logger: parts.logger,
});

/** Keeps the tables up to date until `stop`. */
const keepProjection = (parts: ServiceParts): { stop(): Promise<void> } => {
  const { pool, store, codec, logger, instance } = parts;
  const stopping = new AbortController();
  const owner = `${instance}-${SERVICE}`;
  const running = runProjection({
    ...{ pool, store, codec, logger, owner },
    projection: inventoryProjection,
    signal: stopping.signal,
  });
  return {
    stop: () => {
      stopping.abort();
      return running;
    },
  };
};

/**
 * Starts the inventory: its tables, the SSH key pair and the first administrator if there are none, and its calls.
 * @throws AppError when the database or NATS cannot be reached
 */
export const startInventory = async (parts: ServiceParts, config: AdminConfig = {}): Promise<InventoryService> => {
  const deps = inventoryDeps(parts);
  await ensureProjection(parts.pool, inventoryProjection);
  const projection = keepProjection(parts);
  try {
    await ensureSshKey(deps);
    const initialAdmin = await ensureFirstAdministrator(deps, {
      adminEmail: config.CYBORGBACKUP_ADMIN_EMAIL,
      adminPassword: config.CYBORGBACKUP_ADMIN_PASSWORD,
    });
    const rpc = await createRpcService({
      natsUrl: parts.natsUrl,
      module: inventoryModule(deps),
      queue: SERVICE,
      logger: parts.logger,
    });
    return {
      ...(initialAdmin ? { initialAdmin } : {}),
      checks: async () => [...(await standardChecks(parts, [inventoryProjection.name])), rpcCheck(rpc)],
      stop: async () => {
        await rpc.stop();
        await projection.stop();
      },
    };
  } catch (error) {
    await projection.stop();
    throw error;
  }
};

const rpcCheck = (rpc: RpcService): { readonly name: string; readonly ready: boolean } => ({
  name: 'calls',
  ready: rpc.isReady(),
});
