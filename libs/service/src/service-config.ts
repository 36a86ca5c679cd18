import { LOG_LEVELS, type ConfigShape } from '@cyborgbackup/kernel';
import { z } from 'zod';

/** `host:port`; IPv6 hosts in brackets. */
export const listenAddress = z
  .string()
  .regex(/^(\[[0-9a-fA-F:]+\]|[^:\s]+):\d{1,5}$/, 'Give it as host:port, for example 127.0.0.1:8000.')
  .transform((text) => {
    const colon = text.lastIndexOf(':');
    return { host: text.slice(0, colon).replace(/^\[|\]$/g, ''), port: Number(text.slice(colon + 1)) };
  });
export type ListenAddress = z.output<typeof listenAddress>;

const natsFile = (what: string): z.ZodOptional<z.ZodString> => z.string().optional().describe(`File with ${what}`);

/** The environment that all services have in common. */
export const serviceConfig = {
  DATABASE_URL: z
    .url({ protocol: /^postgres(ql)?$/, error: 'Give a URL such as postgresql://user:password@host:5432/database.' })
    .describe('PostgreSQL: the event log and the read models'),
  CYBORGBACKUP_DATABASE_ADMIN_URL: z
    .url({ protocol: /^postgres(ql)?$/ })
    .optional()
    .describe('The same database as its owner, for migrations; DATABASE_URL unless set'),
  NATS_URL: z
    .url({ protocol: /^(nats|tls)$/ })
    .describe('NATS with JetStream, for example tls://nats.example.com:4222'),
  CYBORGBACKUP_NATS_CA: natsFile('certificates that sign the NATS server’s, for tls:// with a CA of your own'),
  CYBORGBACKUP_NATS_CERT: natsFile('our own certificate, where the NATS server demands one'),
  CYBORGBACKUP_NATS_KEY: natsFile('the private key of that certificate'),
  CYBORGBACKUP_SERVICE_SECRET: z
    .string()
    .optional()
    .describe('base64 of 32 bytes: the key of this one service, by which the others know it; see npm run keys'),
  CYBORGBACKUP_SERVICE_KEYS: z.string().optional().describe('The public keys of all services; see npm run keys'),
  EVENTSTORE_URL: z
    .undefined({ error: 'This version keeps events in PostgreSQL only: leave EVENTSTORE_URL unset.' })
    .optional()
    .describe('Reserved for EventStoreDB; must be unset in this version'),
  CYBORGBACKUP_MASTER_KEY: z.string().optional().describe('base64 of 32 bytes; wraps all keys of encrypted fields'),
  CYBORGBACKUP_DATA_DIR: z.string().default('./data').describe('Where master.key is kept when no key is given'),
  CYBORGBACKUP_LOG_LEVEL: z
    .enum(LOG_LEVELS)
    .default('info')
    .describe(`Log level: ${LOG_LEVELS.join(', ')}`),
} satisfies ConfigShape;

const { CYBORGBACKUP_DATABASE_ADMIN_URL: _owner, ...withoutOwner } = serviceConfig;

/** The same for a service in a process of its own, which the others must know, and which never is the owner of the database. */
export const singleServiceConfig = {
  ...withoutOwner,
  CYBORGBACKUP_SERVICE_SECRET: z.string().describe(serviceConfig.CYBORGBACKUP_SERVICE_SECRET.description ?? ''),
  CYBORGBACKUP_SERVICE_KEYS: z.string().describe(serviceConfig.CYBORGBACKUP_SERVICE_KEYS.description ?? ''),
} satisfies ConfigShape;

const { CYBORGBACKUP_MASTER_KEY: _key, CYBORGBACKUP_DATA_DIR: _directory, ...withoutKey } = singleServiceConfig;

/** The same for a service that opens and seals nothing. */
export const keylessServiceConfig = withoutKey satisfies ConfigShape;

/** Of `prepare`, which the services wait for. */
export const prepareConfig = {
  CYBORGBACKUP_DATABASE_ADMIN_URL: z.url({ protocol: /^postgres(ql)?$/ }).describe('The database as its owner'),
  NATS_URL: serviceConfig.NATS_URL,
  CYBORGBACKUP_NATS_CA: serviceConfig.CYBORGBACKUP_NATS_CA,
  CYBORGBACKUP_NATS_CERT: serviceConfig.CYBORGBACKUP_NATS_CERT,
  CYBORGBACKUP_NATS_KEY: serviceConfig.CYBORGBACKUP_NATS_KEY,
  CYBORGBACKUP_SERVICE_SECRET: serviceConfig.CYBORGBACKUP_SERVICE_SECRET,
  CYBORGBACKUP_LOG_LEVEL: serviceConfig.CYBORGBACKUP_LOG_LEVEL,
} satisfies ConfigShape;

export type KeylessConfig = Omit<ServiceConfig, 'CYBORGBACKUP_MASTER_KEY' | 'CYBORGBACKUP_DATA_DIR'>;
export type ServiceConfig = z.output<z.ZodObject<typeof serviceConfig>>;
