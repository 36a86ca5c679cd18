import { settingsCommands } from '@cyborgbackup/contracts';
import { hasCode } from '@cyborgbackup/kernel';
import { z } from 'zod';
import type { GatewayDeps } from '../deps.ts';
import { endpoint, type Endpoint } from '../../http/core/endpoint.ts';
import { HttpError } from '../../http/core/http-error.ts';
import { readPublicKey } from './query.ts';
import { generateSsh } from './schema.ts';

const NO_KEY: readonly never[] = [];

/** Clients of the original know this answer as an empty object. */
const keyExists = (): HttpError => new HttpError(409, {});

export const sshKeyRoutes = (deps: GatewayDeps): readonly Endpoint[] => [
  endpoint({
    route: 'GET /api/v1/settings/get_ssh_publickey',
    access: 'user',
    summary: 'Retrieve the public SSH key that clients and repositories have to accept',
    answers: z.union([z.string(), z.array(z.never())]),
    handle: async () => ({ body: (await readPublicKey(deps.reader)) ?? NO_KEY }),
  }),
  endpoint({
    route: 'GET /api/v1/settings/generate_ssh',
    access: 'user',
    summary: 'Tell by the status whether there is an SSH key: 200 or 204',
    answers: z.array(z.never()),
    statuses: { 204: 'There is no key yet.' },
    handle: async () =>
      (await readPublicKey(deps.reader)) === undefined ? { status: 204, body: undefined } : { body: NO_KEY },
  }),
  endpoint({
    route: 'POST /api/v1/settings/generate_ssh',
    access: 'superuser',
    token: 'never',
    summary: 'Generate the SSH key pair',
    body: generateSsh,
    answers: z.object({ pubkey: z.string() }),
    success: 201,
    handle: async ({ body: { type, size, force } }) => {
      if (!force && (await readPublicKey(deps.reader)) !== undefined) throw keyExists();
      try {
        const key = await deps.call(settingsCommands.generateSsh, {
          key_type: type,
          force,
          ...(size === null || size === 0 ? {} : { bits: size }),
        });
        await deps.waitForProjection('inventory', key.position);
        return { status: 201, body: { pubkey: key.public_key } };
      } catch (error) {
        throw hasCode(error, 'conflict') ? keyExists() : error;
      }
    },
  }),
];
