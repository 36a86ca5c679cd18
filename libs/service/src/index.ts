export { drawId, drawIdBlock, drawIds, type IdKind } from './draw-ids.ts';
export { startHealthServer, type HealthServer } from './health-server.ts';
export { prepareDatabase } from './prepare-database.ts';
export { runProcess, type ProcessDefinition } from './run-process.ts';
export { runService, type ServiceDefinition } from './run-service.ts';
export type { Check, RunningService } from './running-service.ts';
export { listenAddress, serviceConfig, type ListenAddress, type ServiceConfig } from './service-config.ts';
export { commandDeps, createServiceDeps, masterKeyOf, type ServiceDeps } from './service-deps.ts';
export { standardChecks } from './standard-checks.ts';
