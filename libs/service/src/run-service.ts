import {
  ConfigError,
  createLogger,
  describeConfig,
  isAppError,
  loadConfig,
  messageOf,
  type ConfigShape,
} from '@cyborgbackup/kernel';
import { z } from 'zod';
import { startHealthServer } from './health-server.ts';
import type { RunningService } from './running-service.ts';
import { listenAddress, serviceConfig, type ServiceConfig } from './service-config.ts';
import { createServiceParts, type ServiceParts } from './service-parts.ts';

export interface ServiceDefinition<Shape extends ConfigShape> {
  /** Also the NATS queue group and the first part of its subjects. */
  readonly name: string;
  /** What `--help` says it is. */
  readonly purpose: string;
  /** Its own variables, beside `serviceConfig`. */
  readonly config: Shape;
  /** Where health is served; the gateway serves it on its own port and has none here. */
  readonly healthListen?: string;
  readonly start: (
    parts: ServiceParts,
    config: z.output<z.ZodObject<Shape>> & ServiceConfig,
  ) => Promise<RunningService>;
}

const STOP_MILLIS = 60_000;

/** Resolves with the first request to stop. A second one ends the process at once. */
const stopRequested = (): Promise<NodeJS.Signals> =>
  new Promise((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) {
      process.once(signal, () => {
        resolve(signal);
        process.once(signal, () => process.exit(130));
      });
    }
  });

/**
 * The life of a service's process: read the environment, connect, start, serve health, wait for SIGTERM, drain, exit 0.
 * It exits 78 (EX_CONFIG) when the environment is wrong and 1 when it cannot start.
 */
export const runService = async <Shape extends ConfigShape>(service: ServiceDefinition<Shape>): Promise<void> => {
  const health = service.healthListen
    ? {
        CYBORGBACKUP_HEALTH_LISTEN: listenAddress
          .prefault(service.healthListen)
          .describe(`Where /healthz, /readyz and /metrics are served; ${service.healthListen} unless set`),
      }
    : {};
  const shape = { ...serviceConfig, ...service.config, ...health };
  if (process.argv.includes('--help')) {
    process.stdout.write(`${service.purpose}\n\nEnvironment:\n${describeConfig(shape)}\n`);
    return;
  }
  try {
    const stopped = stopRequested();
    const config = loadConfig(shape) as z.output<z.ZodObject<Shape>> & ServiceConfig & HealthConfig;
    const logger = createLogger(service.name, config.CYBORGBACKUP_LOG_LEVEL);
    const parts = await createServiceParts(service.name, config, logger);
    const running = await service.start(parts, config);
    const address = config.CYBORGBACKUP_HEALTH_LISTEN;
    const healthServer = address ? await startHealthServer(address, () => running.checks()) : undefined;
    logger.info({ instance: parts.instance, health: address }, 'started');
    logger.info({ signal: await stopped }, 'stopping');
    setTimeout(() => process.exit(1), STOP_MILLIS).unref();
    await running.stop();
    await healthServer?.close();
    await parts.close();
    logger.info('stopped');
    process.exitCode = 0;
  } catch (error) {
    process.stderr.write(`${isAppError(error) || error instanceof ConfigError ? messageOf(error) : describe(error)}\n`);
    process.exit(error instanceof ConfigError ? 78 : 1);
  }
};

interface HealthConfig {
  readonly CYBORGBACKUP_HEALTH_LISTEN?: z.output<typeof listenAddress>;
}

const describe = (error: unknown): string => (error instanceof Error ? (error.stack ?? error.message) : String(error));
