export { ADVISORY_LOCKS, lockUntilCommit, type AdvisoryLock } from './advisory-locks.ts';
export { createExclusive, type Exclusive, type ExclusiveOptions } from './exclusive.ts';
export { loadMigrations, migrate, type Migration } from './migrate.ts';
export { openPool } from './open-pool.ts';
export { APP_ROLE, ensureRole, READER_ROLE } from './roles.ts';
export { inTransaction } from './transaction.ts';
