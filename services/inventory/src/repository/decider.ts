import { parseRepositoryLocation } from '@cyborgbackup/borg';
import { SECRET_MASK, type RepositoryEvent, type RepositoryFields } from '@cyborgbackup/contracts';
import { fieldError, messageOf, type Decider, type Sealed } from '@cyborgbackup/kernel';
import { isDeepStrictEqual } from 'node:util';
import { sentKey, type HostAddress } from '../host-key/pin.ts';
import {
  changedEntity,
  changedFields,
  isEmpty,
  registeredEntity,
  requireExisting,
  requireNew,
  type Changes,
  type Entity,
  type EntityCommand,
} from '../shared/entity.ts';
import { refuseFields, refuseTogether } from '../shared/refuse-together.ts';
import { unknownIdErrors, type UnknownIds } from '../shared/unknown-ids.ts';

/** The passphrase is plain on its way in, and sealed once it is in the log. */
type StoredFields = Omit<RepositoryFields, 'repository_key'> & { readonly repository_key: Sealed };

/** What borg itself keeps in the repository to open it with the passphrase, as `borg key export` tells it. */
interface EscrowCopy {
  readonly borgId: string;
  readonly key: Sealed;
}

export type Repository = Entity<StoredFields> & {
  /** As the last preparation found it; empty before. */
  readonly borgId: string;
  readonly encryption: string;
  /** Whether the repository's host takes the repository's own SSH key, the one there is now. */
  readonly ownKey: boolean;
  /** Of its own key pair, as in `authorized_keys`; empty for one that was registered before there were any. */
  readonly publicKey: string;
  /** OpenSSH PEM; undefined where there is no key pair. */
  readonly privateKey: Sealed | undefined;
  readonly escrow: EscrowCopy | undefined;
};

export interface RepositoryKeyPair {
  readonly public_key: string;
  readonly private_key: string;
}

export type RepositoryChanges = Changes<RepositoryFields>;

/** As it was sent: the key that is pinned for the repository's host. */
interface SentHostKey {
  readonly hostKey?: string | null | undefined;
}

/** Schedules that the command names and that do not exist. */
export type UnknownSchedules = UnknownIds<'check_schedule' | 'integrity_schedule'>;

export type RepositoryCommand =
  /** A change has a passphrase only when it differs from the stored one, which is sealed and cannot be compared here. */
  | EntityCommand<
      RepositoryFields,
      SentHostKey & { readonly keyPair: RepositoryKeyPair; readonly unknown: UnknownSchedules },
      SentHostKey & { readonly unknown: UnknownSchedules }
    >
  /** A preparation opened or initialised it. */
  | {
      readonly type: 'prepared';
      readonly ready: boolean;
      readonly borgId: string;
      readonly encryption: string;
      readonly initialised: boolean;
      readonly ownKey: boolean;
      readonly keyInstalled: boolean;
    }
  /** Replaces the key pair. */
  | { readonly type: 'replace-key-pair'; readonly keyPair: RepositoryKeyPair }
  /** Only sent when it differs from the stored copy, which is sealed and cannot be compared here. */
  | { readonly type: 'escrow'; readonly borgId: string; readonly key: string };

const checkPath = (path: string | undefined): void => {
  if (path === undefined) return;
  try {
    parseRepositoryLocation(path);
  } catch (error) {
    throw fieldError('path', messageOf(error));
  }
};

/** Where its host listens for SSH; undefined for a local repository. @throws AppError `validation` for no path at all */
export const hostAddressOf = (path: string): HostAddress | undefined => {
  const location = parseRepositoryLocation(path);
  return location.kind === 'ssh' ? { host: location.host, port: location.port } : undefined;
};

/** @param path a valid one */
const checkHostKey = (hostKey: string | null | undefined, path: string): void => {
  if (!sentKey(hostKey) || hostAddressOf(path)) return;
  throw fieldError('host_key', 'This repository is on no host, since its path is local: leave out host_key.');
};

/**
 * Another path is another repository, and another program there is in another line of authorized_keys: it has to be prepared,
 * unless the caller says that it is ready. Whether a new passphrase is the right one, only a preparation can tell.
 */
const withReadiness = (changed: Partial<StoredFields>, changes: RepositoryChanges): Partial<StoredFields> => {
  const isElsewhere = changed.path !== undefined || changed.remote_path !== undefined;
  const isUnprepared = changed.repository_key !== undefined || (isElsewhere && changes.ready === undefined);
  return isUnprepared ? { ...changed, ready: false } : changed;
};

const change = (
  { uuid, fields }: Repository,
  { changes, unknown, hostKey }: RepositoryCommand & { type: 'change' },
): readonly RepositoryEvent[] => {
  refuseTogether(
    () => checkPath(changes.path),
    () => sentKey(hostKey),
    () => refuseFields(unknownIdErrors(unknown)),
  );
  checkHostKey(hostKey, changes.path ?? fields.path);
  const { repository_key: sent, ...others } = changes;
  // The mask is what readers see; sent back, it means "as it is".
  const key = sent === SECRET_MASK ? undefined : sent;
  const changed = withReadiness(changedFields(fields, { ...others, repository_key: key }), changes);
  return isEmpty(changed) ? [] : [{ type: 'repository-changed', data: { uuid, ...changed } }];
};

const prepared = (
  repository: Repository,
  { ready, borgId, encryption, initialised, ownKey, keyInstalled }: RepositoryCommand & { type: 'prepared' },
): readonly RepositoryEvent[] => {
  const { uuid, fields } = repository;
  const isKnown =
    isDeepStrictEqual([fields.ready, repository.ownKey], [ready, ownKey]) &&
    isDeepStrictEqual([repository.borgId, repository.encryption], [borgId, encryption]);
  if (isKnown && !initialised && !keyInstalled) return [];
  const found = { ready, borg_id: borgId, encryption, initialised, own_key: ownKey, key_installed: keyInstalled };
  return [{ type: 'repository-prepared', data: { uuid, ...found } }];
};

const keyGenerated = (uuid: string, keyPair: RepositoryKeyPair): RepositoryEvent => ({
  type: 'repository-ssh-key-generated',
  data: { uuid, ...keyPair },
});

const register = (command: RepositoryCommand & { type: 'register' }): readonly RepositoryEvent[] => {
  const { uuid, id, fields, keyPair, unknown, hostKey } = command;
  refuseTogether(
    () => checkPath(fields.path),
    () => sentKey(hostKey),
    () => refuseFields(unknownIdErrors(unknown)),
    () => {
      if (fields.repository_key !== SECRET_MASK) return;
      throw fieldError('repository_key', 'This is the mask of a passphrase: send the passphrase itself.');
    },
  );
  checkHostKey(hostKey, fields.path);
  return [{ type: 'repository-registered', data: { ...fields, uuid, id } }, keyGenerated(uuid, keyPair)];
};

const decideOn = (
  repository: Repository,
  command: Exclude<RepositoryCommand, { type: 'register' }>,
): readonly RepositoryEvent[] => {
  const { uuid, id } = repository;
  switch (command.type) {
    case 'change':
      return change(repository, command);
    case 'prepared':
      return prepared(repository, command);
    case 'replace-key-pair':
      return [keyGenerated(uuid, command.keyPair)];
    case 'escrow':
      return [{ type: 'repository-key-escrowed', data: { uuid, borg_id: command.borgId, key: command.key } }];
    case 'remove':
      return [{ type: 'repository-removed', data: { uuid, id } }];
  }
};

/** What a preparation finds out, before the first one. */
const UNPREPARED = { borgId: '', encryption: '', ownKey: false };

const evolveExisting = (state: Repository, event: RepositoryEvent): Repository => {
  switch (event.type) {
    case 'repository-changed': {
      const changed = changedEntity(state, event.data);
      if (event.data.path !== undefined) return { ...changed, ...UNPREPARED };
      return event.data.remote_path === undefined ? changed : { ...changed, ownKey: false };
    }
    case 'repository-prepared': {
      const { ready, borg_id: borgId, encryption, own_key: ownKey } = event.data;
      return { ...state, fields: { ...state.fields, ready }, borgId, encryption, ownKey };
    }
    case 'repository-ssh-key-generated':
      return { ...state, ownKey: false, publicKey: event.data.public_key, privateKey: event.data.private_key };
    case 'repository-key-escrowed':
      return { ...state, escrow: { borgId: event.data.borg_id, key: event.data.key } };
    case 'repository-removed':
      return { ...state, isRemoved: true };
    default:
      return state;
  }
};

export const repositoryDecider: Decider<Repository | undefined, RepositoryCommand, RepositoryEvent> = {
  initialState: undefined,

  decide: (command, state) => {
    if (command.type !== 'register') return decideOn(requireExisting(state, 'repository'), command);
    requireNew(state);
    return register(command);
  },

  evolve: (state, event) => {
    if (event.type !== 'repository-registered') return state && evolveExisting(state, event);
    return { ...registeredEntity(event.data), ...UNPREPARED, publicKey: '', privateKey: undefined, escrow: undefined };
  },
};

export const repositoryStream = (uuid: string): string => `repository-${uuid}`;

/**
 * Records who read the passphrase or the escrow copy. It is a stream of its own, so that reading a key does not
 * change the repository's ETag.
 */
export const keyReadsStream = (uuid: string): string => `repository-key-reads-${uuid}`;
