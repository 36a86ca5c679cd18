import { createExclusive } from '@cyborgbackup/database';
import {
  apiTokenCommands,
  clientCommands,
  hostKeyCommands,
  policyCommands,
  repositoryCommands,
  scheduleCommands,
  sessionCommands,
  settingsCommands,
  userCommands,
} from '@cyborgbackup/contracts';
import { createRpcService, rpcController, type RpcService } from '@cyborgbackup/messaging';
import { ensureProjection, runProjection } from '@cyborgbackup/projections';
import { commandDeps, standardChecks, type RunningService, type ServiceParts } from '@cyborgbackup/service';
import { createApiTokenCommands } from './api-token/commands.ts';
import { createClientCommands } from './client/commands.ts';
import { createHostKeyCommands } from './host-key/commands.ts';
import { createPolicyCommands } from './policy/commands.ts';
import { inventoryProjection } from './inventory-projection.ts';
import { createRepositoryCommands } from './repository/commands.ts';
import { createScheduleCommands } from './schedule/commands.ts';
import { keepForgettingExpired } from './session/forget-expired.ts';
import { createSessionCommands } from './session/commands.ts';
import { createSettingsCommands } from './settings/commands.ts';
import { ensureSshKey } from './settings/ssh-keys.ts';
import type { InventoryDeps } from './shared/inventory-deps.ts';
import {
  ensureFirstAdministrator,
  type FirstAdministratorConfig,
  type InitialAdmin,
} from './user/first-administrator.ts';
import { createUserCommands } from './user/commands.ts';

const SERVICE = 'inventory';

export interface InventoryService extends RunningService {
  /** Of the administrator that this start made with a random password: say where that is. */
  readonly initialAdmin?: InitialAdmin;
}

/** What the commands of the inventory work with. */
export const inventoryDeps = (parts: ServiceParts): InventoryDeps => ({
  ...commandDeps(parts, SERVICE),
  pool: parts.pool,
  keys: parts.keys,
  waiter: parts.waiter,
  exclusive: createExclusive({
    pool: parts.pool,
    lock: 'inventory',
    busyMessage: 'Other changes are still being written: try again in a moment.',
  }),
  logger: parts.logger,
});

/** Keeps the tables up to date until the function it answers with is called. */
const keepProjection = (parts: ServiceParts): (() => Promise<void>) => {
  const { pool, store, codec, logger, instance } = parts;
  const stopping = new AbortController();
  const owner = `${instance}-${SERVICE}`;
  const running = runProjection({
    ...{ pool, store, codec, logger, owner },
    projection: inventoryProjection,
    signal: stopping.signal,
  });
  return () => {
    stopping.abort();
    return running;
  };
};

/** Forgets expired sessions until the function it answers with is called. */
const keepSessions = (deps: InventoryDeps): (() => Promise<void>) => {
  const stopping = new AbortController();
  const running = keepForgettingExpired(deps, stopping.signal);
  return () => {
    stopping.abort();
    return running;
  };
};

const serveCalls = ({ natsUrl, trust, logger }: ServiceParts, deps: InventoryDeps): Promise<RpcService> =>
  createRpcService({
    natsUrl,
    controllers: [
      rpcController(userCommands, createUserCommands(deps)),
      rpcController(clientCommands, createClientCommands(deps)),
      rpcController(repositoryCommands, createRepositoryCommands(deps)),
      rpcController(scheduleCommands, createScheduleCommands(deps)),
      rpcController(policyCommands, createPolicyCommands(deps)),
      rpcController(settingsCommands, createSettingsCommands(deps)),
      rpcController(hostKeyCommands, createHostKeyCommands(deps)),
      rpcController(sessionCommands, createSessionCommands(deps)),
      rpcController(apiTokenCommands, createApiTokenCommands(deps)),
    ],
    queue: SERVICE,
    logger,
    trust,
  });

/**
 * Starts the inventory: its tables, the SSH key pair, its calls and the first administrator.
 * @throws AppError when the database or NATS cannot be reached
 */
export const startInventory = async (
  given: ServiceParts,
  config: FirstAdministratorConfig = {},
): Promise<InventoryService> => {
  const parts = { ...given, logger: given.logger.child({ service: SERVICE }) };
  const deps = inventoryDeps(parts);
  await ensureProjection(parts.pool, inventoryProjection);
  const started = [keepProjection(parts)];
  const stop = async (): Promise<void> => {
    for (const stopOne of started.splice(0).reverse()) await stopOne();
  };
  try {
    await ensureSshKey(deps);
    started.push(keepSessions(deps));
    const calls = await serveCalls(parts, deps);
    started.push(calls.stop);
    // Last, so that a start that fails makes nobody.
    const initialAdmin = await ensureFirstAdministrator(deps, config);
    return {
      ...(initialAdmin ? { initialAdmin } : {}),
      checks: async () => [
        ...(await standardChecks(parts, [inventoryProjection.name])),
        { name: 'calls', ready: calls.isReady() },
      ],
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
};
