import {
  parseRepositoryLocation,
  SECRET_MASK,
  type RepositoryEvent,
  type RepositoryFields,
} from '@cyborgbackup/contracts';
import { fieldError, messageOf, type Decider, type Sealed } from '@cyborgbackup/kernel';
import { absent, changedFields, isEmpty, present, type Entity } from '../shared/entity.ts';

/** The passphrase is plain on its way in, and sealed once it is in the log. */
type StoredFields = Omit<RepositoryFields, 'repository_key'> & { readonly repository_key: Sealed };

export type Repository = Entity<StoredFields> & {
  /** As the last preparation found it; empty before. */
  readonly borgId: string;
  readonly encryption: string;
};

type RepositoryChanges = { readonly [Name in keyof RepositoryFields]?: RepositoryFields[Name] | undefined };

export type RepositoryCommand =
  | { readonly do: 'register'; readonly uuid: string; readonly id: number; readonly fields: RepositoryFields }
  | { readonly do: 'change'; readonly changes: RepositoryChanges }
  /** A preparation opened or initialised it. */
  | {
      readonly do: 'prepared';
      readonly ready: boolean;
      readonly borgId: string;
      readonly encryption: string;
      readonly initialised: boolean;
    }
  | { readonly do: 'remove' };

const checkPath = (path: string | undefined): void => {
  if (path === undefined) return;
  try {
    parseRepositoryLocation(path);
  } catch (error) {
    throw fieldError('path', messageOf(error));
  }
};

/** Another place is another repository: it has to be prepared, unless its sender says it is. */
const withReadiness = (changed: Partial<StoredFields>, changes: RepositoryChanges): Partial<StoredFields> =>
  changed.path !== undefined && changes.ready === undefined ? { ...changed, ready: false } : changed;

const change = ({ uuid, fields }: Repository, changes: RepositoryChanges): readonly RepositoryEvent[] => {
  checkPath(changes.path);
  const { repository_key: sent, ...others } = changes;
  // The mask is what readers see; sent back, it means "as it is".
  const key = sent === SECRET_MASK ? undefined : sent;
  const changed = withReadiness(changedFields(fields, { ...others, repository_key: key }), changes);
  return isEmpty(changed) ? [] : [{ type: 'repository-changed', data: { uuid, ...changed } }];
};

const prepared = (
  repository: Repository,
  { ready, borgId, encryption, initialised }: RepositoryCommand & { do: 'prepared' },
): readonly RepositoryEvent[] => {
  const { uuid, fields } = repository;
  const isKnown = fields.ready === ready && repository.borgId === borgId && repository.encryption === encryption;
  if (isKnown && !initialised) return [];
  return [{ type: 'repository-prepared', data: { uuid, ready, borg_id: borgId, encryption, initialised } }];
};

const register = ({ uuid, id, fields }: RepositoryCommand & { do: 'register' }): readonly RepositoryEvent[] => {
  checkPath(fields.path);
  if (fields.repository_key === SECRET_MASK) {
    throw fieldError('repository_key', 'This is the mask of a passphrase: send the passphrase itself.');
  }
  return [{ type: 'repository-registered', data: { ...fields, uuid, id } }];
};

const evolvePresent = (state: Repository, event: RepositoryEvent): Repository => {
  switch (event.type) {
    case 'repository-changed': {
      const { uuid: _, ...changes } = event.data;
      const fields = { ...state.fields, ...changedFields(state.fields, changes) };
      return changes.path === undefined ? { ...state, fields } : { ...state, fields, borgId: '', encryption: '' };
    }
    case 'repository-prepared': {
      const { ready, borg_id: borgId, encryption } = event.data;
      return { ...state, fields: { ...state.fields, ready }, borgId, encryption };
    }
    case 'repository-removed':
      return { ...state, isRemoved: true };
    default:
      return state;
  }
};

export const repositoryDecider: Decider<Repository | undefined, RepositoryCommand, RepositoryEvent> = {
  initialState: undefined,

  decide: (command, state) => {
    switch (command.do) {
      case 'register':
        absent(state);
        return register(command);
      case 'change':
        return change(present(state, 'repository'), command.changes);
      case 'prepared':
        return prepared(present(state, 'repository'), command);
      case 'remove': {
        const { uuid, id } = present(state, 'repository');
        return [{ type: 'repository-removed', data: { uuid, id } }];
      }
    }
  },

  evolve: (state, event) => {
    if (event.type !== 'repository-registered') return state && evolvePresent(state, event);
    const { uuid, id, ...fields } = event.data;
    return { uuid, id, isRemoved: false, fields, borgId: '', encryption: '' };
  },
};

export const repositoryStream = (uuid: string): string => `repository-${uuid}`;

/** Where it is recorded who was shown the passphrase: beside the repository, so that a look does not change its ETag. */
export const keyReadsStream = (uuid: string): string => `repository-key-reads-${uuid}`;
