export { drawId, drawIdBlock, drawIds } from './draw-ids.ts';
export { prepareDatabase } from './prepare-database.ts';
export { LOG_ACCESS } from './log-access.ts';
export { natsUrlOf } from './nats-url.ts';
export { watchReadiness } from './readiness.ts';
export { runProcess, runTask } from './run-process.ts';
export { runService } from './run-service.ts';
export type { Check, RunningService } from './running-service.ts';
export { listenAddress, prepareConfig, serviceConfig, type ListenAddress } from './service-config.ts';
export {
  commandDeps,
  connectProcess,
  createServiceDeps,
  openServiceLog,
  type KeylessDeps,
  type ProcessDeps,
  type ServiceDeps,
  type ServiceLog,
} from './service-deps.ts';
export { standardChecks } from './standard-checks.ts';
