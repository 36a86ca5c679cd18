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

/** The environment that all services have in common. */
export const serviceConfig = {
  DATABASE_URL: z
    .url({ protocol: /^postgres(ql)?$/, error: 'Give a URL such as postgresql://user:password@host:5432/database.' })
    .describe('PostgreSQL: the event log and the read models'),
  CYBORGBACKUP_DATABASE_ADMIN_URL: z
    .url({ protocol: /^postgres(ql)?$/ })
    .optional()
    .describe('The same database as its owner, for migrations; DATABASE_URL unless set'),
  NATS_URL: z.url({ protocol: /^(nats|tls)$/ }).describe('NATS with JetStream, for example nats://token@host:4222'),
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

export type ServiceConfig = z.output<z.ZodObject<typeof serviceConfig>>;
