export { drawId, drawIdBlock, drawIds, type IdKind } from './draw-ids.ts';
export { startHealthServer, type HealthServer } from './health-server.ts';
export { prepareDatabase } from './prepare-database.ts';
export { runProcess, runTask, type ProcessDefinition } from './run-process.ts';
export { runService, type ServiceDefinition } from './run-service.ts';
export type { Check, RunningService } from './running-service.ts';
export { natsUrlOf } from './nats-url.ts';
export {
  listenAddress,
  prepareConfig,
  serviceConfig,
  singleServiceConfig,
  type ListenAddress,
  type ServiceConfig,
} from './service-config.ts';
export { commandDeps, createServiceParts, masterKeyOf, type ServiceParts } from './service-parts.ts';
export { standardChecks } from './standard-checks.ts';
