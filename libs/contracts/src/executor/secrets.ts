import { defineEvent, type EventOf } from '@cyborgbackup/kernel';
import { z } from 'zod';
import { archiveContentRead } from './downloads.ts';
import { defineRpc } from '../wire/rpc.ts';
import { integerId, requiredText, uuid } from '../wire/scalars.ts';

/*
 * Executors hold no key that opens secrets. What an attempt of a job, or a download, needs it is given by the inventory, which
 * records that first. See docs/decisions/0028-hooks-are-secrets-and-jobs-are-given-theirs.md.
 */

/** What an executor may be given: to open the repository, to log in to hosts, and what the policy has. */
export const GIVEN_SECRETS = ['repository', 'login', 'extra_vars', 'prehook', 'posthook'] as const;
export type GivenSecret = (typeof GIVEN_SECRETS)[number];

const attempt = z.object({ job: uuid, attempt: z.int().min(1), executor: requiredText(1_024) });

/** One event of `archive-reads-<job>`: its version there. */
const contentRead = z.object({ job: uuid, read: z.int().min(1) });

/** Null = not needed, so not given. */
const givenSecrets = z.object({
  repository: z
    .object({
      uuid,
      id: integerId,
      passphrase: z.string(),
      /** The key pair that opens this repository alone; older installations have none until one is made. */
      own_key: z.object({ public_key: z.string(), private_key: z.string() }).nullable(),
      /** A preparation has seen the repository's host accept that key. */
      takes_own_key: z.boolean(),
      /** The program that serves the repository on its host. */
      remote_path: z.string(),
      /** As the latest preparation found it; empty before the first. */
      encryption: z.string(),
    })
    .nullable(),
  /** The account on clients, and the control plane's key, in OpenSSH's PEM. */
  login: z.object({ user: z.string(), private_key: z.string() }).nullable(),
  extra_vars: z.string().nullable(),
  prehook: z.string().nullable(),
  posthook: z.string().nullable(),
});
export type GivenSecrets = z.infer<typeof givenSecrets>;

export const secretCommands = {
  /** What a running attempt of a granted job needs. Refused for any other. */
  readForJob: defineRpc('inventory.secret.read-for-job', attempt, givenSecrets),
  /** Records that the caller reads content of an archive; the gateway asks an executor for it only after this has succeeded. */
  recordContentRead: defineRpc(
    'inventory.secret.record-content-read',
    archiveContentRead.schema,
    contentRead.pick({ read: true }),
  ),
  /** What the reading of that content needs. Refused when no user asked for it lately. */
  readForContent: defineRpc('inventory.secret.read-for-content', contentRead, givenSecrets),
};

const given = { repository: uuid.nullable(), given: z.array(z.enum(GIVEN_SECRETS)) };

/** An executor was given secrets for an attempt of a job. */
export const jobSecretsRead = defineEvent({ type: 'job-secrets-read', schema: attempt.extend(given) });

/** An executor was given secrets to read content of the archive that a job made. */
export const contentSecretsRead = defineEvent({ type: 'content-secrets-read', schema: contentRead.extend(given) });

export const secretReadEvents = [jobSecretsRead, contentSecretsRead] as const;
export type SecretReadEvent = EventOf<(typeof secretReadEvents)[number]>;

/** All of them: a stream of its own would take more room than the event that it would hold. */
export const SECRET_READS_STREAM = 'secret-reads';
