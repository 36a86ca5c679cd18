import { runService } from '@cyborgbackup/service';
import { executorConfig } from './executor-config.ts';
import { startExecutor } from './start.ts';

await runService({
  name: 'executor',
  purpose: 'The executor: takes jobs from the work queue and runs borg over SSH. Start as many as you need.',
  config: executorConfig,
  healthListen: '127.0.0.1:8103',
  isKeyless: true,
  start: startExecutor,
});
