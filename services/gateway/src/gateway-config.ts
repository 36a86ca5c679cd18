import type { ConfigShape } from '@cyborgbackup/kernel';
import { listenAddress } from '@cyborgbackup/service';
import { z } from 'zod';
import { parseNetwork } from './middleware/source-address.ts';

const commaList = z.string().transform((text) =>
  text
    .split(',')
    .map((item) => item.trim())
    .filter(Boolean),
);

/** The gateway's own variables. */
export const gatewayConfig = {
  CYBORGBACKUP_LISTEN: listenAddress
    .prefault('127.0.0.1:8000')
    .describe('Where the API is served; 127.0.0.1:8000 unless set'),
  CYBORGBACKUP_ALLOWED_HOSTS: commaList
    .optional()
    .describe(
      'Host names it answers for, by comma (.example.com = it and all below it, * = any); unless set, localhost only when it listens there, else any',
    ),
  CYBORGBACKUP_CORS_ORIGINS: commaList
    .prefault('')
    .describe('Origins whose pages may call the API, by comma; none unless set'),
  CYBORGBACKUP_TRUSTED_PROXIES: commaList
    .superRefine((networks, context) => {
      for (const network of networks.filter((text) => !parseNetwork(text))) {
        const message = `"${network}" is neither an address nor a network such as 10.0.0.0/8.`;
        context.addIssue({ code: 'custom', message });
      }
    })
    .prefault('')
    .describe(
      'Addresses and networks (10.0.0.0/8) of the proxies whose X-Forwarded-For counts, by comma; none unless set',
    ),
  CYBORGBACKUP_RATE_LIMIT: z.coerce
    .number()
    .int()
    .min(1)
    .default(500)
    .describe('Requests per second that one address may send for long; 500 unless set'),
} satisfies ConfigShape;

export type GatewayConfig = z.output<z.ZodObject<typeof gatewayConfig>>;

const LOOPBACK_NAMES = ['localhost', '127.0.0.1', '[::1]'];

/**
 * The hosts it answers for by default: on loopback, loopback's names only (so that no page of another site can reach it by a
 * name that points here); on any other address, any host, since its names are not known.
 */
export const allowedHostsOf = (config: GatewayConfig): readonly string[] => {
  if (config.CYBORGBACKUP_ALLOWED_HOSTS?.length) return config.CYBORGBACKUP_ALLOWED_HOSTS;
  const { host } = config.CYBORGBACKUP_LISTEN;
  const isLoopback = host === 'localhost' || host === '::1' || host.startsWith('127.');
  return isLoopback ? LOOPBACK_NAMES : ['*'];
};
