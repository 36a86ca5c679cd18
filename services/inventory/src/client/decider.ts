import { comparableHost, type ClientEvent, type ClientFields } from '@cyborgbackup/contracts';
import type { Decider } from '@cyborgbackup/kernel';
import { checkHostNameField, sentKey } from '../host-key/pin.ts';
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
import { refuseTogether } from '../shared/refuse-together.ts';

export type Client = Entity<ClientFields>;

/** As it was sent: the key that is pinned for the client's address. */
interface SentHostKey {
  readonly hostKey?: string | null | undefined;
}

export type ClientCommand =
  | EntityCommand<ClientFields, SentHostKey, SentHostKey>
  /** A preparation looked at the machine. */
  | { readonly type: 'prepared'; readonly version: string; readonly ready: boolean; readonly ip?: string | undefined }
  /** A preparation looked at the machine's hypervisor. */
  | { readonly type: 'hypervisor-prepared'; readonly isReady: boolean; readonly name: string };

/** @throws AppError `validation` with the fields that are wrong */
const check = ({ hostname }: Changes<ClientFields>, { hostKey }: SentHostKey): void =>
  refuseTogether(
    () => checkHostNameField('hostname', hostname),
    () => sentKey(hostKey),
  );

/** Another address may be another machine: it has to be prepared, unless the caller says that it is ready. */
const withReadiness = (fields: ClientFields, changes: Changes<ClientFields>): Partial<ClientFields> => {
  const changed = changedFields(fields, changes);
  const isElsewhere = changed.hostname !== undefined || changed.port !== undefined;
  if (!isElsewhere) return changed;
  const { ready = false, hypervisor_ready = false } = changes;
  return changedFields(fields, { ...changes, ready, hypervisor_ready });
};

const decideOn = (client: Client, command: Exclude<ClientCommand, { type: 'register' }>): readonly ClientEvent[] => {
  const { uuid, id, fields } = client;
  switch (command.type) {
    case 'change': {
      check(command.changes, command);
      const changed = withReadiness(fields, command.changes);
      return isEmpty(changed) ? [] : [{ type: 'client-changed', data: { uuid, ...changed } }];
    }
    case 'prepared': {
      const { version, ready, ip } = command;
      if (isEmpty(changedFields(fields, { version, ready, ip, mark_as_to_update: false }))) return [];
      return [{ type: 'client-prepared', data: { uuid, version, ready, ...(ip === undefined ? {} : { ip }) } }];
    }
    case 'hypervisor-prepared': {
      const found = { hypervisor_ready: command.isReady, hypervisor_name: command.name };
      if (isEmpty(changedFields(fields, found))) return [];
      return [{ type: 'client-hypervisor-prepared', data: { uuid, ...found } }];
    }
    case 'remove':
      return [{ type: 'client-removed', data: { uuid, id } }];
  }
};

export const clientDecider: Decider<Client | undefined, ClientCommand, ClientEvent> = {
  initialState: undefined,

  decide: (command, state) => {
    if (command.type !== 'register') return decideOn(requireExisting(state, 'client'), command);
    requireNew(state);
    const { uuid, id, fields } = command;
    check(fields, command);
    return [{ type: 'client-registered', data: { ...fields, uuid, id } }];
  },

  evolve: (state, event) => {
    if (event.type === 'client-registered') return registeredEntity(event.data);
    if (!state) return state;
    if (event.type === 'client-removed') return { ...state, isRemoved: true };
    // A preparation brings borg up to date where it may, so the mark has done its work.
    if (event.type === 'client-prepared') return changedEntity(state, { ...event.data, mark_as_to_update: false });
    return changedEntity(state, event.data);
  },
};

export const clientStream = (uuid: string): string => `client-${uuid}`;

/** A host may have several SSH servers; two spellings of a host are one host. */
export const comparableAddress = ({ hostname, port }: Pick<ClientFields, 'hostname' | 'port'>): string =>
  `${comparableHost(hostname)}:${port}`;
