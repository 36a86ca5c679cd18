import { defineEvent, type EventOf } from '@cyborgbackup/kernel';
import { z } from 'zod';
import { integerId, requiredText, sealedText, uuid } from '../text.ts';

/** A borg repository as the API and the commands have it; `repository_key` is the passphrase. */
export const repositoryFields = z.object({
  name: requiredText(1024),
  path: requiredText(1024),
  repository_key: requiredText(1024).regex(/^[^\r\n]*$/, 'Line breaks are not allowed in a passphrase.'),
  ready: z.boolean(),
  enabled: z.boolean(),
});
export type RepositoryFields = z.infer<typeof repositoryFields>;

const stored = repositoryFields.extend({ repository_key: sealedText });
const key = {
  subject: (data: { uuid: string }) => `repository-${data.uuid}`,
  fields: ['repository_key'] as const,
};

export const repositoryRegistered = defineEvent({
  type: 'repository-registered',
  version: 1,
  schema: stored.extend({ id: integerId, uuid }),
  sealed: key,
});

export const repositoryChanged = defineEvent({
  type: 'repository-changed',
  version: 1,
  schema: stored.partial().extend({ uuid }),
  sealed: key,
});

/** A preparation opened (or initialised) the repository. */
export const repositoryPrepared = defineEvent({
  type: 'repository-prepared',
  version: 1,
  schema: z.object({
    uuid,
    ready: z.boolean(),
    /** Borg's own id of the repository, hex. */
    borg_id: z.string(),
    /** Borg's name of the encryption mode, for example `repokey-blake2`. */
    encryption: z.string(),
    /** True when the preparation initialised it, false when it adopted what was there. */
    initialised: z.boolean(),
  }),
});

/** Somebody was shown the passphrase. */
export const repositoryKeyRead = defineEvent({
  type: 'repository-key-read',
  version: 1,
  schema: z.object({ uuid }),
});

export const repositoryRemoved = defineEvent({
  type: 'repository-removed',
  version: 1,
  schema: z.object({ uuid, id: integerId }),
});

export const repositoryEvents = [
  repositoryRegistered,
  repositoryChanged,
  repositoryPrepared,
  repositoryKeyRead,
  repositoryRemoved,
] as const;
export type RepositoryEvent = EventOf<(typeof repositoryEvents)[number]>;
