import { settingsCommands, SSH_KEY_TYPES } from '@cyborgbackup/contracts';
import { CONTROL_PLANE_KEY, type SshKeyRow } from '@cyborgbackup/read-models';
import { hasCode } from '@cyborgbackup/kernel';
import { z } from 'zod';
import type { GatewayDeps } from '../deps.ts';
import { endpoint, type Endpoint } from '../../http/core/endpoint.ts';
import { HttpError } from '../../http/core/http-error.ts';
import type { Reader } from '../../db/reader.ts';

const generateSsh = z.object({
  type: z.enum(SSH_KEY_TYPES).default('ed25519'),
  /** Bits, for rsa and ecdsa. */
  size: z.int().min(0).max(16_384).nullable().default(null),
  force: z.boolean().default(false),
});

/** The control plane's public SSH key, one line as in `authorized_keys`; undefined when there is none. */
const readPublicKey = async (reader: Reader): Promise<string | undefined> =>
  (
    await reader.row<Pick<SshKeyRow, 'public_key'>>('select public_key from inventory.ssh_keys where name = $1', [
      CONTROL_PLANE_KEY,
    ])
  )?.public_key;

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
