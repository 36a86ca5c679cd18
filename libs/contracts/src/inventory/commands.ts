import { z } from 'zod';
import { defineRpc } from '../wire/rpc.ts';
import { integerId, requiredText, text, timestamp, uuid } from '../wire/scalars.ts';
import { clientFields, clientSnapshot } from './client.ts';
import { sentHostKey } from './host-key.ts';
import { policyFields, policySecrets, policySnapshot } from './policy.ts';
import { repositoryFields, repositorySnapshot } from './repository.ts';
import { scheduleFields } from './schedule.ts';
import { apiTokenScope } from './session.ts';
import { SSH_KEY_TYPES } from './settings.ts';
import { userFields } from './user.ts';

/** The answer to a command that changed something. */
export const changeResult = z.object({
  uuid,
  id: integerId,
  /** The stream's version after the change, which is the API's ETag. */
  version: z.int().min(0),
  /** The log position that a read model must have reached to contain the change; null when nothing was appended. */
  position: z.string().regex(/^\d+$/).nullable(),
});
export type ChangeResult = z.infer<typeof changeResult>;

/** The entity that a command changes, and the version that its sender saw (If-Match). */
const target = z.object({ uuid, expected_version: z.int().min(1).optional() });

/** The caller chooses the uuid, which makes the command idempotent: repeated, it finds the events of its first time. */
const creation = { uuid, command_id: uuid };

/** Of clients and repositories: pins the key of the host at the address that they have after the command. */
const hostKey = { host_key: sentHostKey.optional() };

/** The gateway sends a scrypt hash: the plain password never leaves it. */
const passwordHash = z.string().startsWith('$scrypt$');

export const userCommands = {
  register: defineRpc(
    'inventory.user.register',
    userFields.extend({ ...creation, password_hash: passwordHash }),
    changeResult,
  ),
  change: defineRpc(
    'inventory.user.change',
    target.extend({
      changes: userFields.partial(),
      password_hash: passwordHash.optional(),
      reset_token: uuid.optional(),
    }),
    changeResult,
  ),
  remove: defineRpc('inventory.user.remove', target, changeResult),
  /** Records that the caller is given a token for a new password; the gateway gives it only after this has succeeded. */
  recordPasswordReset: defineRpc(
    'inventory.user.record-password-reset',
    z.object({ user: uuid, token: uuid, expires_at: timestamp }),
    z.object({ position: z.string() }),
  ),
};

export const clientCommands = {
  register: defineRpc('inventory.client.register', clientFields.extend({ ...creation, ...hostKey }), changeResult),
  change: defineRpc(
    'inventory.client.change',
    target.extend({ changes: clientFields.partial(), ...hostKey }),
    changeResult,
  ),
  remove: defineRpc('inventory.client.remove', target, changeResult),
  recordPreparation: defineRpc(
    'inventory.client.record-preparation',
    z.object({ uuid, version: text(50), ready: z.boolean(), ip: text(4096).optional() }),
    changeResult,
  ),
  recordHypervisorPreparation: defineRpc(
    'inventory.client.record-hypervisor-preparation',
    z.object({ uuid, hypervisor_ready: z.boolean(), hypervisor_name: text(1024) }),
    changeResult,
  ),
};

export const repositoryCommands = {
  register: defineRpc(
    'inventory.repository.register',
    repositoryFields.extend({ ...creation, ...hostKey }),
    changeResult,
  ),
  change: defineRpc(
    'inventory.repository.change',
    target.extend({ changes: repositoryFields.partial(), ...hostKey }),
    changeResult,
  ),
  remove: defineRpc('inventory.repository.remove', target, changeResult),
  recordPreparation: defineRpc(
    'inventory.repository.record-preparation',
    z.object({
      uuid,
      ready: z.boolean(),
      borg_id: z.string(),
      encryption: z.string(),
      initialised: z.boolean(),
      own_key: z.boolean(),
      key_installed: z.boolean(),
    }),
    changeResult,
  ),
  /** Records that the caller was given the passphrase; the gateway gives it only after this has succeeded. */
  recordKeyRead: defineRpc('inventory.repository.record-key-read', z.object({ uuid }), changeResult),
  /** Makes a new key pair for the repository alone; the old one is not offered any more. */
  generateSsh: defineRpc('inventory.repository.generate-ssh', target, changeResult),
  /** The line for `authorized_keys` on the repository's host that lets the repository's own key do nothing but serve borg. */
  describeAuthorizedKey: defineRpc(
    'inventory.repository.describe-authorized-key',
    z.object({ uuid, append_only: z.boolean(), storage_quota: requiredText(32).nullable() }),
    z.object({ public_key: z.string(), line: z.string() }),
  ),
  /** Stores the output of `borg key export`. */
  escrowKey: defineRpc(
    'inventory.repository.escrow-key',
    z.object({ uuid, borg_id: z.string(), key: z.string().min(1).max(65_536) }),
    changeResult,
  ),
  /** Records that the caller was given the escrow copy; the gateway gives it only after this has succeeded. */
  recordEscrowRead: defineRpc('inventory.repository.record-escrow-read', z.object({ uuid }), changeResult),
  /** Everything that a job without a policy needs. */
  resolve: defineRpc(
    'inventory.repository.resolve',
    z.object({ id: integerId }),
    repositorySnapshot.extend({ ready: z.boolean(), enabled: z.boolean() }),
  ),
};

export const scheduleCommands = {
  register: defineRpc('inventory.schedule.register', scheduleFields.extend(creation), changeResult),
  change: defineRpc('inventory.schedule.change', target.extend({ changes: scheduleFields.partial() }), changeResult),
  remove: defineRpc('inventory.schedule.remove', target, changeResult),
};

export const policyCommands = {
  register: defineRpc('inventory.policy.register', policyFields.extend(creation), changeResult),
  change: defineRpc('inventory.policy.change', target.extend({ changes: policyFields.partial() }), changeResult),
  remove: defineRpc('inventory.policy.remove', target, changeResult),
  /**
   * Everything a launch needs; secrets stay sealed. Clients come in pages, since a message takes a megabyte: ask again from
   * `next` while it is not null, and from the start when `revision` differs.
   */
  resolve: defineRpc(
    'inventory.policy.resolve',
    z.object({ id: integerId, clients_from: z.int().min(0) }),
    z.object({
      policy: policySnapshot.extend({ enabled: z.boolean() }),
      repository: repositorySnapshot.extend({ ready: z.boolean(), enabled: z.boolean() }),
      schedule: z.object({ id: integerId, name: z.string(), enabled: z.boolean() }),
      clients: z.array(
        clientSnapshot.extend({
          ready: z.boolean(),
          enabled: z.boolean(),
          hypervisor_ready: z.boolean(),
        }),
      ),
      next: z.int().nullable(),
      /** Of the whole list of clients, not only of this page. */
      revision: z.string(),
      ...policySecrets,
      /** Settings that decide which jobs follow a backup. */
      catalog_enabled: z.boolean(),
      auto_prune: z.boolean(),
    }),
  ),
};

export const settingsCommands = {
  change: defineRpc('inventory.settings.change', z.object({ key: requiredText(255), value: z.string() }), changeResult),
  generateSsh: defineRpc(
    'inventory.settings.generate-ssh',
    z.object({ key_type: z.enum(SSH_KEY_TYPES), bits: z.int().optional(), force: z.boolean() }),
    z.object({ public_key: z.string(), position: z.string() }),
  ),
};

export const hostKeyCommands = {
  /** Pins the key of a host before the first contact. The same key again changes nothing; another one is refused. */
  pin: defineRpc(
    'inventory.host-key.pin',
    z.object({
      /** `NAME:PORT`; IPv6 addresses in brackets. */
      host: requiredText(1024),
      public_key: requiredText(16_384),
    }),
    z.object({ host: z.string(), port: z.int(), position: z.string() }),
  ),
  forget: defineRpc(
    'inventory.host-key.forget',
    z.object({ host: requiredText(1024), port: z.int().min(1).max(65_535) }),
    z.object({ position: z.string().nullable() }),
  ),
};

export const sessionCommands = {
  open: defineRpc(
    'inventory.session.open',
    z.object({ uuid, user: uuid, refresh_id: uuid, expires_at: timestamp }),
    z.object({ position: z.string() }),
  ),
  /** Exchanges `refresh_id` for `next_refresh_id`; a refresh token used twice revokes the whole session. */
  refresh: defineRpc(
    'inventory.session.refresh',
    z.object({ uuid, refresh_id: uuid, next_refresh_id: uuid, expires_at: timestamp }),
    z.object({ user: uuid, position: z.string() }),
  ),
  /** Revokes all sessions that the user has now. */
  revokeAll: defineRpc(
    'inventory.session.revoke-all',
    z.object({ user: uuid }),
    z.object({ revoked: z.int().min(0), position: z.string().nullable() }),
  ),
  /** Records log-ins that failed; see `logInFailed`. */
  recordFailures: defineRpc(
    'inventory.session.record-failures',
    z.object({ user: uuid.nullable(), failures: z.int().min(1) }),
    z.object({ position: z.string() }),
  ),
  revoke: defineRpc('inventory.session.revoke', z.object({ uuid }), z.object({ position: z.string().nullable() })),
};

export const apiTokenCommands = {
  create: defineRpc(
    'inventory.api-token.create',
    z.object({
      ...creation,
      user: uuid,
      name: requiredText(255),
      scope: apiTokenScope,
      expires_at: timestamp.nullable(),
      token_hash: z.string().length(64),
    }),
    changeResult,
  ),
  recordUse: defineRpc(
    'inventory.api-token.record-use',
    z.object({ uuid }),
    z.object({ position: z.string().nullable() }),
  ),
  revoke: defineRpc('inventory.api-token.revoke', target, changeResult),
};
