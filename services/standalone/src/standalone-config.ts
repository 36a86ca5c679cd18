import { executorConfig } from '@cyborgbackup/executor';
import { gatewayConfig } from '@cyborgbackup/gateway';
import { adminConfig } from '@cyborgbackup/inventory';
import { schedulerConfig } from '@cyborgbackup/scheduler';
import { serviceConfig } from '@cyborgbackup/service';
import type { z } from 'zod';

/** The services' own variables, with everything external optional: what is not given is embedded. */
export const standaloneConfig = {
  ...gatewayConfig,
  ...adminConfig,
  ...schedulerConfig,
  ...executorConfig,
  ...serviceConfig,
  DATABASE_URL: serviceConfig.DATABASE_URL.optional().describe(
    'PostgreSQL: the event log and the read models; an embedded one unless set',
  ),
  NATS_URL: serviceConfig.NATS_URL.optional().describe('NATS with JetStream; a local nats-server unless set'),
};

export type StandaloneConfig = z.output<z.ZodObject<typeof standaloneConfig>>;
