import { runService } from '@cyborgbackup/service';
import { gatewayConfig } from './gateway-config.ts';
import { startGateway } from './start.ts';

await runService({
  name: 'gateway',
  purpose: 'Serves the API over HTTP.',
  config: gatewayConfig,
  start: startGateway,
});
