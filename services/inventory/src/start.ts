import { createExclusive } from '@cyborgbackup/database';
import {
  apiTokenCommands,
  clientCommands,
  hostKeyCommands,
  policyCommands,
  repositoryCommands,
  scheduleCommands,
  secretCommands,
  sessionCommands,
  settingsCommands,
  userCommands,
} from '@cyborgbackup/contracts';
import { createRpcService, rpcController, type RpcService } from '@cyborgbackup/messaging';
import { ensureProjection, runProjection } from '@cyborgbackup/projections';
import { commandDeps, standardChecks, type RunningService, type ServiceDeps } from '@cyborgbackup/service';
import { createApiTokenCommands } from './api-token/commands.ts';
import { createClientCommands } from './client/commands.ts';
import { createHostKeyCommands } from './host-key/commands.ts';
import { createPolicyCommands } from './policy/commands.ts';
import { inventoryProjection } from './inventory-projection.ts';
import { createRepositoryCommands } from './repository/commands.ts';
import { createScheduleCommands } from './schedule/commands.ts';
import { createSecretCommands } from './secret/commands.ts';
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
export const inventoryDeps = (deps: ServiceDeps): InventoryDeps => ({
  ...commandDeps(deps, SERVICE),
  pool: deps.pool,
  keys: deps.keys,
  waiter: deps.waiter,
  exclusive: createExclusive({
    pool: deps.pool,
    lock: 'inventory',
    busyMessage: 'Other changes are still being written: try again in a moment.',
  }),
  logger: deps.logger,
});

/** Lets work go on until the function it answers with is called. */
const inBackground = (work: (signal: AbortSignal) => Promise<void>): (() => Promise<void>) => {
  const stopping = new AbortController();
  const running = work(stopping.signal);
  return () => {
    stopping.abort();
    return running;
  };
};

const serveCalls = ({ natsUrl, trust, logger }: ServiceDeps, inventory: InventoryDeps): Promise<RpcService> =>
  createRpcService({
    natsUrl,
    controllers: [
      rpcController(userCommands, createUserCommands(inventory)),
      rpcController(clientCommands, createClientCommands(inventory)),
      rpcController(repositoryCommands, createRepositoryCommands(inventory)),
      rpcController(scheduleCommands, createScheduleCommands(inventory)),
      rpcController(secretCommands, createSecretCommands(inventory)),
      rpcController(policyCommands, createPolicyCommands(inventory)),
      rpcController(settingsCommands, createSettingsCommands(inventory)),
      rpcController(hostKeyCommands, createHostKeyCommands(inventory)),
      rpcController(sessionCommands, createSessionCommands(inventory)),
      rpcController(apiTokenCommands, createApiTokenCommands(inventory)),
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
  given: ServiceDeps,
  config: FirstAdministratorConfig = {},
): Promise<InventoryService> => {
  const deps = { ...given, logger: given.logger.child({ service: SERVICE }) };
  const inventory = inventoryDeps(deps);
  await ensureProjection(deps.pool, inventoryProjection);
  const owner = `${deps.instance}-${SERVICE}`;
  const started = [
    inBackground((signal) => runProjection({ ...deps, owner, projection: inventoryProjection, signal })),
  ];
  const stop = async (): Promise<void> => {
    for (const stopOne of started.splice(0).reverse()) await stopOne();
  };
  try {
    await ensureSshKey(inventory);
    started.push(inBackground((signal) => keepForgettingExpired(inventory, signal)));
    const calls = await serveCalls(deps, inventory);
    started.push(calls.stop);
    // Last, so that a start that fails makes nobody.
    const initialAdmin = await ensureFirstAdministrator(inventory, config);
    return {
      ...(initialAdmin ? { initialAdmin } : {}),
      checks: async () => [
        ...(await standardChecks(deps, { projections: [inventoryProjection] })),
        { name: 'calls', ready: calls.isReady() },
      ],
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
};
