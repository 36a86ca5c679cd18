import type { ClientEvent, ClientFields } from '@cyborgbackup/contracts';
import type { Decider } from '@cyborgbackup/kernel';
import { absent, changedFields, isEmpty, present, type Entity } from '../shared/entity.ts';

export type Client = Entity<ClientFields>;

export type ClientCommand =
  | { readonly do: 'register'; readonly uuid: string; readonly id: number; readonly fields: ClientFields }
  | { readonly do: 'change'; readonly changes: ClientChanges }
  /** A preparation looked at the machine. */
  | { readonly do: 'prepared'; readonly version: string; readonly ready: boolean; readonly ip?: string | undefined }
  /** A preparation looked at the machine's hypervisor. */
  | { readonly do: 'hypervisor-prepared'; readonly isReady: boolean; readonly name: string }
  | { readonly do: 'remove' };

type ClientChanges = { readonly [Name in keyof ClientFields]?: ClientFields[Name] | undefined };

/** Another address is another machine, for all we know: it has to be prepared, unless its sender says it is. */
const withReadiness = (fields: ClientFields, changes: ClientChanges): Partial<ClientFields> => {
  const changed = changedFields(fields, changes);
  const isElsewhere = changed.hostname !== undefined || changed.port !== undefined;
  if (!isElsewhere) return changed;
  const { ready = false, hypervisor_ready = false } = changes;
  return changedFields(fields, { ...changes, ready, hypervisor_ready });
};

const decideOn = (client: Client, command: Exclude<ClientCommand, { do: 'register' }>): readonly ClientEvent[] => {
  const { uuid, id, fields } = client;
  switch (command.do) {
    case 'change': {
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
    if (command.do !== 'register') return decideOn(present(state, 'client'), command);
    absent(state);
    const { uuid, id, fields } = command;
    return [{ type: 'client-registered', data: { ...fields, uuid, id } }];
  },

  evolve: (state, event) => {
    if (event.type === 'client-registered') {
      const { uuid, id, ...fields } = event.data;
      return { uuid, id, isRemoved: false, fields };
    }
    if (!state) return state;
    if (event.type === 'client-removed') return { ...state, isRemoved: true };
    const { uuid: _, ...data } = event.data;
    // A preparation brings borg up to date where it may, so the mark has done its work.
    const changes = event.type === 'client-prepared' ? { ...data, mark_as_to_update: false } : data;
    return { ...state, fields: { ...state.fields, ...changedFields(state.fields, changes) } };
  },
};

export const clientStream = (uuid: string): string => `client-${uuid}`;

/** A host may have several SSH servers; host names that differ in case only are one host. */
export const comparableAddress = ({ hostname, port }: Pick<ClientFields, 'hostname' | 'port'>): string =>
  `${hostname.normalize('NFC').toLowerCase()}:${port}`;
