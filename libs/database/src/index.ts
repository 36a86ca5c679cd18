export { ADVISORY_LOCKS, lockUntilCommit } from './advisory-locks.ts';
export { clocksOf, clockTrouble, type Clocks } from './clocks.ts';
export { createExclusive, type Exclusive } from './exclusive.ts';
export { loadMigrations, migrate } from './migrate.ts';
export { openPool } from './open-pool.ts';
export { readSql } from './read-sql.ts';
export { asService, ensureRoles, READER_ROLE, SERVICE_ROLES, serviceRole } from './roles.ts';
export { inTransaction } from './transaction.ts';
