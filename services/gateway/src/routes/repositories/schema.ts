import { REPOSITORY_DEFAULTS, repositoryFields, SECRET_MASK, sentHostKey } from '@cyborgbackup/contracts';
import { z } from 'zod';
import { commonSchema } from '../../http/core/representation.ts';
import { hostKeyField } from '../host-keys/schema.ts';
import { withDefaults } from '../../http/resource/with-defaults.ts';

const { shape } = repositoryFields;

/** Blanks at the ends belong to a passphrase. */
const verbatim = { verbatim: true };
const key = shape.repository_key.meta(verbatim);

const fields = {
  ...withDefaults(shape, { ready: false, enabled: true, ...REPOSITORY_DEFAULTS }),
  host_key: sentHostKey.optional(),
};

export const createRepository = z.object({
  ...fields,
  /** Default: a random one is generated. */
  repository_key: key
    .refine((value) => value !== SECRET_MASK, 'Send the passphrase itself, or leave it out to have a strong one made.')
    .meta(verbatim)
    .optional(),
});

/** The mask, or nothing, leaves the passphrase as it is. */
export const replaceRepository = z.object({ ...fields, repository_key: key.optional() });

export const changeRepository = repositoryFields.extend({ repository_key: key, host_key: sentHostKey }).partial();

export const repositorySchema = z.object({
  ...commonSchema,
  type: z.literal('repository'),
  ...shape,
  ready: shape.ready.describe('False after a change of the passphrase, until a job has opened the repository with it.'),
  remote_path: shape.remote_path.describe(
    'The name or path of borg on the repository’s host, which hosts with several versions ask for (borg-1.4, borg1).',
  ),
  host_key: hostKeyField,
  previous_key: z
    .string()
    .nullable()
    .describe(
      'The passphrase before the last change, or the last one known to be right; null while there was no other. Send it as `repository_key` to return to it.',
    ),
  original_size: z.int(),
  compressed_size: z.int(),
  deduplicated_size: z.int(),
  uuid: z.uuid(),
  own_key: z.boolean().describe('Whether the repository’s host takes the repository’s own SSH key.'),
  escrowed: z.boolean().describe('Whether there is an escrow copy of the key that borg keeps in the repository.'),
});
