import { runService } from '@cyborgbackup/service';
import { z } from 'zod';
import { startInventory } from './start.ts';

await runService({
  name: 'inventory',
  purpose: 'Keeps users, clients, repositories, schedules, policies and settings.',
  config: {
    CYBORGBACKUP_ADMIN_EMAIL: z
      .string()
      .optional()
      .describe('Log-in of the first administrator, made at the first start; admin@cyborgbackup.local unless set'),
    CYBORGBACKUP_ADMIN_PASSWORD: z
      .string()
      .min(8, 'Give at least 8 characters.')
      .optional()
      .describe('Password of the first administrator; unless set, a random one is printed at the first start'),
  },
  healthListen: '127.0.0.1:8101',
  start: async (parts, config) => {
    const service = await startInventory(parts, {
      adminEmail: config.CYBORGBACKUP_ADMIN_EMAIL,
      adminPassword: config.CYBORGBACKUP_ADMIN_PASSWORD,
    });
    const { initialAdmin } = service;
    if (initialAdmin) {
      process.stdout.write(
        `The first administrator is ${initialAdmin.email} with the password ${initialAdmin.password} (shown only now).\n`,
      );
    }
    return service;
  },
});
