import { startCatalog } from '@cyborgbackup/catalog';
import { startExecutor } from '@cyborgbackup/executor';
import { startGateway } from '@cyborgbackup/gateway';
import { startInventory } from '@cyborgbackup/inventory';
import type { Logger } from '@cyborgbackup/kernel';
import { startScheduler } from '@cyborgbackup/scheduler';
import { createServiceParts } from '@cyborgbackup/service';
import { mkdir } from 'node:fs/promises';
import { startBacking } from './embedded-servers.ts';
import type { StandaloneConfig } from './standalone-config.ts';

export interface Standalone {
  /** For example `http://127.0.0.1:8000`. */
  readonly url: string;
  /** Set when this start made the first administrator with a random password: show it, it is stored nowhere. */
  readonly initialAdmin?: { readonly email: string; readonly password: string };
  stop(): Promise<void>;
}

type Stop = () => Promise<void>;

/** All five services in this process, on embedded servers where none are given. */
export const startStandalone = async (config: StandaloneConfig, logger: Logger): Promise<Standalone> => {
  await mkdir(config.CYBORGBACKUP_DATA_DIR, { recursive: true, mode: 0o700 });
  const started: Stop[] = [];
  const stop = async (): Promise<void> => {
    for (const stopOne of started.splice(0).reverse()) await stopOne();
  };
  try {
    const backing = await startBacking(config, logger);
    started.push(backing.stop);
    const parts = await createServiceParts(
      'standalone',
      {
        ...config,
        DATABASE_URL: backing.databaseUrl,
        CYBORGBACKUP_DATABASE_ADMIN_URL: backing.adminUrl,
        NATS_URL: backing.natsUrl,
      },
      logger,
    );
    started.push(parts.close);
    const inventory = await startInventory(parts, config);
    started.push(inventory.stop);
    const others = await Promise.all([
      startCatalog(parts),
      startScheduler(parts, config),
      startExecutor(parts, config),
    ]);
    started.push(...others.map((service) => service.stop));
    const gateway = await startGateway(parts, config);
    started.push(gateway.stop);
    const { initialAdmin } = inventory;
    return { url: gateway.url, ...(initialAdmin ? { initialAdmin } : {}), stop };
  } catch (error) {
    await stop();
    throw error;
  }
};
