export { findExecutable } from './find-executable.ts';
export { freePort } from './free-port.ts';
export type { RunningServer, StartOptions } from './running-server.ts';
export { startNatsServer } from './start-nats-server.ts';
export { startPostgres, type StartPostgresOptions } from './start-postgres.ts';
