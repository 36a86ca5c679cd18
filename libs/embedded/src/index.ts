export { findExecutable } from './find-executable.ts';
export { freePort } from './free-port.ts';
export { startNatsServer } from './start-nats-server.ts';
export { startPostgres } from './start-postgres.ts';
export type { RunningServer } from './start-server.ts';
