import { serviceIdentity } from '@cyborgbackup/messaging';
import type { ServiceConfig } from './service-config.ts';

type NatsConfig = Partial<
  Pick<
    ServiceConfig,
    'CYBORGBACKUP_SERVICE_SECRET' | 'CYBORGBACKUP_NATS_CA' | 'CYBORGBACKUP_NATS_CERT' | 'CYBORGBACKUP_NATS_KEY'
  >
> &
  Pick<ServiceConfig, 'NATS_URL'>;

/** What a connection needs, in one: the server, our credentials unless the URL has some, and the files of TLS. Not for logs. */
export const natsUrlOf = (config: NatsConfig): string => {
  const url = new URL(config.NATS_URL);
  const secret = config.CYBORGBACKUP_SERVICE_SECRET;
  if (!url.username && secret !== undefined) url.username = serviceIdentity(secret).natsSeed;
  const files = {
    ca: config.CYBORGBACKUP_NATS_CA,
    cert: config.CYBORGBACKUP_NATS_CERT,
    key: config.CYBORGBACKUP_NATS_KEY,
  };
  for (const [name, file] of Object.entries(files)) if (file !== undefined) url.searchParams.set(name, file);
  return url.href;
};
