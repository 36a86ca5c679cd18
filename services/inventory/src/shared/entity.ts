import type { ChangeResult } from '@cyborgbackup/contracts';
import type { CommandResult } from '@cyborgbackup/event-store';
import { AppError, type DomainEvent } from '@cyborgbackup/kernel';
import { isDeepStrictEqual } from 'node:util';

/** What people register, change and remove. There is no state before it is registered. */
export interface Entity<Fields> {
  readonly uuid: string;
  readonly id: number;
  readonly isRemoved: boolean;
  readonly fields: Fields;
}

/** The fields that a change names; undefined for those it does not name. */
export type Changes<Fields> = { readonly [Name in keyof Fields]?: Fields[Name] | undefined };

/** What is done to an entity, and what its sort needs besides to register or to change one. */
export type EntityCommand<Fields, Registration = unknown, Change = unknown> =
  | (Registration & { readonly type: 'register'; readonly uuid: string; readonly id: number; readonly fields: Fields })
  | (Change & { readonly type: 'change'; readonly changes: Changes<Fields> })
  | { readonly type: 'remove' };

/** @throws AppError `not-found` unless it exists now */
export const requireExisting = <State extends Entity<unknown>>(state: State | undefined, kind: string): State => {
  if (!state || state.isRemoved) throw new AppError('not-found', `There is no such ${kind}: it may have been deleted.`);
  return state;
};

/** @throws AppError `conflict` when there is, or was, something in this stream */
export const requireNew = (state: Entity<unknown> | undefined): void => {
  if (state) throw new AppError('conflict', 'This uuid belongs to something else already: choose another one.');
};

/** Of the fields named, those that get another value. */
export const changedFields = <Fields extends object>(current: Fields, changes: Changes<Fields>): Partial<Fields> => {
  const differs = ([name, value]: [string, unknown]): boolean =>
    value !== undefined && !isDeepStrictEqual(value, current[name as keyof Fields]);
  return Object.fromEntries(Object.entries(changes).filter(differs)) as Partial<Fields>;
};

/** The state after the event that registers an entity. */
export const registeredEntity = <Fields>({
  uuid,
  id,
  ...fields
}: Fields & { readonly uuid: string; readonly id: number }): Entity<Omit<Fields, 'uuid' | 'id'>> => ({
  ...{ uuid, id, fields },
  isRemoved: false,
});

/** The state after an event with some of the entity's fields. */
export const changedEntity = <State extends Entity<object>>(
  state: State,
  { uuid: _, ...changes }: Changes<State['fields']> & { readonly uuid: string },
): State => ({
  ...state,
  fields: { ...state.fields, ...changedFields<object>(state.fields, changes) },
});

export const isEmpty = (object: object): boolean => Object.keys(object).length === 0;

/** The answer to a command about an entity. */
export const changeResultOf = <State extends Entity<unknown> | undefined, E extends DomainEvent>(
  { state, version, position }: CommandResult<State, E>,
  kind: string,
): ChangeResult => {
  if (!state) throw new AppError('not-found', `There is no such ${kind}: it may have been deleted.`);
  return { uuid: state.uuid, id: state.id, version, position: position?.toString() ?? null };
};
