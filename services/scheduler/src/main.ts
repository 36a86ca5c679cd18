import { runService } from '@cyborgbackup/service';
import { schedulerConfig } from './scheduler-config.ts';
import { startScheduler } from './start.ts';

await runService({
  name: 'scheduler',
  purpose: 'Queues jobs, frees them when their repository and client are free, and starts what is due.',
  config: schedulerConfig,
  healthListen: '127.0.0.1:8102',
  start: startScheduler,
});
