import { runProcess } from '@cyborgbackup/service';
import { standaloneConfig } from './standalone-config.ts';
import { startStandalone } from './start.ts';

await runProcess({
  name: 'standalone',
  purpose: 'CyBorgBackup, all of it in one process: the five services, an embedded PostgreSQL and a local NATS.',
  config: standaloneConfig,
  start: async (config, logger) => {
    const standalone = await startStandalone(config, logger, {
      onInitialAdmin: ({ email, passwordFile }) => {
        process.stdout.write(`First administrator: ${email}, password in ${passwordFile}\n`);
      },
    });
    process.stdout.write(`CyBorgBackup ready at ${standalone.url}\n`);
    return standalone;
  },
});
