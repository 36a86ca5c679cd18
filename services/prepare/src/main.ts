import { createNatsConnection, prepareJobQueue } from '@cyborgbackup/messaging';
import { natsUrlOf, prepareConfig, prepareDatabase, runTask } from '@cyborgbackup/service';

/** See docs/decisions/0023-a-key-for-each-service.md. */
await runTask({
  name: 'prepare',
  purpose:
    'Brings the database to this version as its owner and makes the streams of the job queue, then ends: run it first.',
  config: prepareConfig,
  run: async (config, logger) => {
    await prepareDatabase(config.CYBORGBACKUP_DATABASE_ADMIN_URL);
    const connection = await createNatsConnection({ natsUrl: natsUrlOf(config), name: 'prepare', logger });
    try {
      await prepareJobQueue(connection);
    } finally {
      await connection.close();
    }
    logger.info('the database and the job queue are ready');
  },
});
