export { failAppends, PASSING_SQL_STATES } from './fail-appends.ts';
export { hostileTar, type HostileItem } from './hostile-tar.ts';
export { loseEvents } from './lose-events.ts';
export { startTestNats, type TestNats } from './nats-server.ts';
export { createTestDatabase, prepareCluster, type TestDatabase } from './postgres.ts';
export { startTestDeps, type TestDeps } from './service-deps.ts';
export { strandLeases } from './strand-leases.ts';
export { startTestSshd, type TestSshd, type TestSshdOptions } from './sshd.ts';
