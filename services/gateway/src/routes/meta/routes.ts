import { z } from 'zod';
import { endpoint, type Endpoint } from '../../http/core/endpoint.ts';
import { API_ROOT } from '../../http/core/representation.ts';

export interface MetaConfig {
  readonly version: string;
  readonly allowedHosts: readonly string[];
}

/** Every collection below the root, in the order in which it lists them. */
const SUB_RESOURCES = [
  'ping',
  'config',
  'me',
  'users',
  'jobs',
  'job_events',
  'settings',
  'clients',
  'schedules',
  'repositories',
  'policies',
  'restore',
  'catalogs',
  'archives',
  'drills',
  'stats',
  'escatalogs',
  'host_keys',
  'tokens',
] as const;

const root = Object.fromEntries(SUB_RESOURCES.map((name) => [name, `${API_ROOT}/${name}/`]));

export const metaRoutes = ({ version, allowedHosts }: MetaConfig): readonly Endpoint[] => [
  endpoint({
    route: 'GET /api',
    tag: 'meta',
    access: 'public',
    summary: 'Retrieve the versions of the API',
    answers: z.object({
      description: z.string(),
      current_version: z.string(),
      available_versions: z.record(z.string(), z.string()),
    }),
    handle: async () => ({
      body: {
        description: 'CyBorgBackup REST API',
        current_version: `${API_ROOT}/`,
        available_versions: { v1: `${API_ROOT}/` },
      },
    }),
  }),
  endpoint({
    route: 'GET /api/v1',
    tag: 'meta',
    access: 'public',
    summary: 'Retrieve all available submodule of the API',
    answers: z.record(z.string(), z.string()),
    handle: async () => ({ body: root }),
  }),
  endpoint({
    route: 'GET /api/v1/ping',
    tag: 'meta',
    access: 'public',
    summary: 'Test the api and get the version',
    answers: z.object({ version: z.string(), ping: z.literal('pong') }),
    handle: async () => ({ body: { version, ping: 'pong' } }),
  }),
  endpoint({
    route: 'GET /api/v1/config',
    tag: 'meta',
    access: 'user',
    summary: 'Retrieve some configuration of the CyBorgBackup instance',
    answers: z.object({
      version: z.string(),
      debug: z.boolean(),
      sql_debug: z.boolean(),
      allowed_hosts: z.array(z.string()),
      time_zone: z.string(),
    }),
    handle: async () => ({
      body: { version, debug: false, sql_debug: false, allowed_hosts: allowedHosts, time_zone: 'UTC' },
    }),
  }),
];
