import { defineEvent, type EventOf } from '@cyborgbackup/kernel';
import { z } from 'zod';
import { integerId, removedEntity, requiredText, sealedText, uuid } from '../wire/scalars.ts';

/** A borg repository as the API and the commands have it; `repository_key` is the passphrase. */
export const repositoryFields = z.object({
  name: requiredText(1024),
  path: requiredText(1024),
  repository_key: requiredText(1024).regex(/^[^\r\n]*$/, 'Line breaks are not allowed in a passphrase.'),
  ready: z.boolean(),
  enabled: z.boolean(),
  /** Id of the schedule of `borg check`; null = never. */
  check_schedule: integerId.nullable(),
  /** Id of the schedule of `borg check --verify-data`, which reads everything; null = as the settings say. */
  integrity_schedule: integerId.nullable(),
  /** The program that serves the repository on its host, which the login shell there reads: a plain word. */
  remote_path: z
    .string()
    .max(255)
    .regex(
      /^[\w./][\w./+-]*$/,
      'Write the name or the path of borg on the repository’s host, for example borg-1.4: letters, digits and . _ / + - only.',
    ),
});
/** Defaults of the optional fields. */
export const REPOSITORY_DEFAULTS = { check_schedule: null, integrity_schedule: null, remote_path: 'borg' };
export type RepositoryFields = z.infer<typeof repositoryFields>;

/** A repository as it was when a run was requested. */
export const repositorySnapshot = z.object({ id: integerId, uuid, name: z.string(), path: z.string() });

const stored = repositoryFields.extend({ repository_key: sealedText });
const key = {
  subject: (data: { uuid: string }) => `repository-${data.uuid}`,
  fields: ['repository_key'] as const,
};

export const repositoryRegistered = defineEvent({
  type: 'repository-registered',
  schema: stored.extend({ id: integerId, uuid }),
  sealed: key,
});

export const repositoryChanged = defineEvent({
  type: 'repository-changed',
  schema: stored.partial().extend({ uuid }),
  sealed: key,
});

/** A preparation opened (or initialised) the repository. */
export const repositoryPrepared = defineEvent({
  type: 'repository-prepared',
  schema: z.object({
    uuid,
    ready: z.boolean(),
    /** Borg's own id of the repository, hex. */
    borg_id: z.string(),
    /** Borg's name of the encryption mode, for example `repokey-blake2`. */
    encryption: z.string(),
    /** Whether the preparation initialised it; false when the repository existed. */
    initialised: z.boolean(),
    /** Whether the repository's host accepts the repository's own SSH key. */
    own_key: z.boolean(),
    /** Whether the preparation added that key to the authorized_keys of the repository's account. */
    key_installed: z.boolean(),
  }),
});

/** A key pair for this repository alone; it replaces an earlier one. */
export const repositorySshKeyGenerated = defineEvent({
  type: 'repository-ssh-key-generated',
  schema: z.object({
    uuid,
    /** One line, as in `authorized_keys`. */
    public_key: z.string(),
    /** OpenSSH PEM. */
    private_key: sealedText,
  }),
  sealed: { subject: key.subject, fields: ['private_key'] as const },
});

/** The output of `borg key export`: without it a repository with a damaged key cannot be opened, even with the passphrase. */
export const repositoryKeyEscrowed = defineEvent({
  type: 'repository-key-escrowed',
  schema: z.object({ uuid, borg_id: z.string(), key: sealedText }),
  sealed: { subject: key.subject, fields: ['key'] as const },
});

/** A user was given the escrow copy of borg's key. */
export const repositoryEscrowRead = defineEvent({
  type: 'repository-escrow-read',
  schema: z.object({ uuid }),
});

/** A user was given the passphrase. */
export const repositoryKeyRead = defineEvent({
  type: 'repository-key-read',
  schema: z.object({ uuid }),
});

export const repositoryRemoved = defineEvent({ type: 'repository-removed', schema: removedEntity });

export const repositoryEvents = [
  repositoryRegistered,
  repositoryChanged,
  repositoryPrepared,
  repositoryKeyRead,
  repositorySshKeyGenerated,
  repositoryKeyEscrowed,
  repositoryEscrowRead,
  repositoryRemoved,
] as const;
export type RepositoryEvent = EventOf<(typeof repositoryEvents)[number]>;
