import type { ConfigShape, Logger } from '@cyborgbackup/kernel';
import type { z } from 'zod';
import { startHealthServer } from './health-server.ts';
import { runProcess } from './run-process.ts';
import type { RunningService } from './running-service.ts';
import {
  keylessServiceConfig,
  listenAddress,
  singleServiceConfig,
  type KeylessConfig,
  type ListenAddress,
  type ServiceConfig,
} from './service-config.ts';
import { createKeylessDeps, createServiceDeps, type KeylessDeps, type ServiceDeps } from './service-deps.ts';

interface CommonDefinition<Shape extends ConfigShape> {
  /** Also the NATS queue group and the first part of its subjects. */
  readonly name: string;
  /** What `--help` says it is. */
  readonly purpose: string;
  /** Its own variables, beside `singleServiceConfig`. */
  readonly config: Shape;
  /** Where health is served; the gateway serves it on its own port and has none here. */
  readonly healthListen?: string;
}

type Start<Deps, Config> = (deps: Deps, config: Config) => Promise<RunningService>;

export type ServiceDefinition<Shape extends ConfigShape> = CommonDefinition<Shape> &
  (
    | { readonly isKeyless?: false; readonly start: Start<ServiceDeps, z.output<z.ZodObject<Shape>> & ServiceConfig> }
    /** It opens and seals nothing, and holds no master key. */
    | { readonly isKeyless: true; readonly start: Start<KeylessDeps, z.output<z.ZodObject<Shape>> & KeylessConfig> }
  );

interface HealthConfig {
  readonly CYBORGBACKUP_HEALTH_LISTEN?: ListenAddress;
}

const healthVariable = (fallback: string): ConfigShape => ({
  CYBORGBACKUP_HEALTH_LISTEN: listenAddress
    .prefault(fallback)
    .describe(`Where /healthz, /readyz and /metrics are served; ${fallback} unless set`),
});

const startService = async <Shape extends ConfigShape>(
  service: ServiceDefinition<Shape>,
  config: z.output<z.ZodObject<Shape>> & ServiceConfig,
  logger: Logger,
): Promise<{ readonly deps: KeylessDeps; readonly running: RunningService }> => {
  if (service.isKeyless) {
    const deps = await createKeylessDeps(service.name, config, logger);
    return { deps, running: await service.start(deps, config) };
  }
  const deps = await createServiceDeps(service.name, config, logger, { isPrepared: true });
  return { deps, running: await service.start(deps, config) };
};

/** The process of one service: connected to PostgreSQL and NATS, with its health on a side port. See `runProcess`. */
export const runService = <Shape extends ConfigShape>(service: ServiceDefinition<Shape>): Promise<void> =>
  runProcess({
    name: service.name,
    purpose: service.purpose,
    config: {
      ...(service.isKeyless ? keylessServiceConfig : singleServiceConfig),
      ...service.config,
      ...(service.healthListen ? healthVariable(service.healthListen) : {}),
    },
    start: async (environment, logger) => {
      // The shape was put together above, which is more than the type checker can follow.
      const config = environment as z.output<z.ZodObject<Shape>> & ServiceConfig & HealthConfig;
      const { deps, running } = await startService(service, config, logger);
      const address = config.CYBORGBACKUP_HEALTH_LISTEN;
      const health = address ? await startHealthServer(address, () => running.checks()) : undefined;
      logger.info({ instance: deps.instance, health: health?.port }, 'started');
      return {
        stop: async () => {
          await running.stop();
          await health?.close();
          await deps.close();
        },
      };
    },
  });
