import { runService } from '@cyborgbackup/service';
import { adminConfig } from './user/admin-config.ts';
import { startInventory } from './start.ts';

await runService({
  name: 'inventory',
  purpose: 'Keeps users, clients, repositories, schedules, policies and settings.',
  config: adminConfig,
  healthListen: '127.0.0.1:8101',
  start: async (deps, config) => {
    const service = await startInventory(deps, config);
    const { initialAdmin } = service;
    if (initialAdmin) {
      process.stdout.write(`First administrator: ${initialAdmin.email}, password in ${initialAdmin.passwordFile}\n`);
    }
    return service;
  },
});
