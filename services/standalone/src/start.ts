import { startCatalog } from '@cyborgbackup/catalog';
import { startExecutor } from '@cyborgbackup/executor';
import { startGateway } from '@cyborgbackup/gateway';
import { startInventory, type InitialAdmin } from '@cyborgbackup/inventory';
import type { Logger } from '@cyborgbackup/kernel';
import { createOwnTrust } from '@cyborgbackup/messaging';
import { startScheduler } from '@cyborgbackup/scheduler';
import { connectProcess } from '@cyborgbackup/service';
import { mkdir } from 'node:fs/promises';
import { startBacking } from './embedded-servers.ts';
import type { StandaloneConfig } from './standalone-config.ts';

export interface Standalone {
  /** For example `http://127.0.0.1:8000`. */
  readonly url: string;
  stop(): Promise<void>;
}

interface StartOptions {
  /** Called when this start made the first administrator with a random password: say where it is. */
  readonly onInitialAdmin?: (login: InitialAdmin) => void;
}

type Stop = () => Promise<void>;

/** All five services in this process, on embedded servers where none are given. What was started is stopped in reverse. */
export const startStandalone = async (
  config: StandaloneConfig,
  logger: Logger,
  { onInitialAdmin }: StartOptions = {},
): Promise<Standalone> => {
  await mkdir(config.CYBORGBACKUP_DATA_DIR, { recursive: true, mode: 0o700 });
  const started: Stop[] = [];
  const keep = <Started extends { readonly stop: Stop }>(one: Started): Started => {
    started.push(one.stop);
    return one;
  };
  const stop = async (): Promise<void> => {
    for (const stopOne of started.splice(0).reverse()) await stopOne();
  };
  try {
    const backing = keep(await startBacking(config, logger));
    const { depsOf, close } = await connectProcess('standalone', { ...config, ...backing.environment }, logger, {
      // All five services are this process: unless told, its keys need no other place than its memory.
      trust: createOwnTrust({ isShared: true, secret: config.CYBORGBACKUP_SERVICE_SECRET }),
      hasOwnNats: config.NATS_URL === undefined,
    });
    started.push(close);
    const inventory = keep(await startInventory(await depsOf('inventory'), config));
    if (inventory.initialAdmin) onInitialAdmin?.(inventory.initialAdmin);
    const catalog = keep(await startCatalog(await depsOf('catalog')));
    const scheduler = keep(await startScheduler(await depsOf('scheduler'), config));
    const executor = keep(await startExecutor(await depsOf('executor'), config));
    const { url } = keep(
      await startGateway(await depsOf('gateway'), config, [inventory, catalog, scheduler, executor]),
    );
    return { url, stop };
  } catch (error) {
    await stop();
    throw error;
  }
};
