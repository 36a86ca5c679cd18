export { findExecutable } from './find-executable.ts';
export type { RunningServer, StartOptions } from './running-server.ts';
export { startNatsServer } from './start-nats-server.ts';
export { startPostgres, type StartPostgresOptions } from './start-postgres.ts';
