import type { ConfigShape } from '@cyborgbackup/kernel';
import type { z } from 'zod';
import { startHealthServer } from './health-server.ts';
import { runProcess } from './run-process.ts';
import { watchReadiness } from './readiness.ts';
import type { RunningService } from './running-service.ts';
import { holdsMasterKey } from './log-access.ts';
import {
  keylessServiceConfig,
  listenAddress,
  singleServiceConfig,
  type ListenAddress,
  type ServiceConfig,
} from './service-config.ts';
import { createServiceDeps, type ServiceDeps } from './service-deps.ts';

export interface ServiceDefinition<Shape extends ConfigShape> {
  /** Also the NATS queue group and the first part of its subjects. */
  readonly name: string;
  /** What `--help` says it is. */
  readonly purpose: string;
  /** Its own variables, beside those of all services. */
  readonly config: Shape;
  /** Where health is served; the gateway serves it on its own port and has none here. */
  readonly healthListen?: string;
  readonly start: (deps: ServiceDeps, config: z.output<z.ZodObject<Shape>> & ServiceConfig) => Promise<RunningService>;
}

interface HealthConfig {
  readonly CYBORGBACKUP_HEALTH_LISTEN?: ListenAddress;
}

const healthVariable = (fallback: string): ConfigShape => ({
  CYBORGBACKUP_HEALTH_LISTEN: listenAddress
    .prefault(fallback)
    .describe(`Where /healthz, /readyz and /metrics are served; ${fallback} unless set`),
});

/** The process of one service: connected to PostgreSQL and NATS, with its health on a side port. See `runProcess`. */
export const runService = <Shape extends ConfigShape>(service: ServiceDefinition<Shape>): Promise<void> =>
  runProcess({
    name: service.name,
    purpose: service.purpose,
    config: {
      ...(holdsMasterKey(service.name) ? singleServiceConfig : keylessServiceConfig),
      ...service.config,
      ...(service.healthListen ? healthVariable(service.healthListen) : {}),
    },
    start: async (environment, logger) => {
      // The shape was put together above, which is more than the type checker can follow.
      const config = environment as z.output<z.ZodObject<Shape>> & ServiceConfig & HealthConfig;
      const deps = await createServiceDeps(service.name, config, logger, { isPrepared: true });
      const running = await service.start(deps, config);
      const address = config.CYBORGBACKUP_HEALTH_LISTEN;
      const readiness = address ? watchReadiness(running.checks, logger) : undefined;
      const health = address && readiness ? await startHealthServer(address, readiness.checks) : undefined;
      logger.info({ instance: deps.instance, health: health?.port }, 'started');
      return {
        stop: async () => {
          readiness?.stop();
          await running.stop();
          await health?.close();
          await deps.close();
        },
      };
    },
  });
