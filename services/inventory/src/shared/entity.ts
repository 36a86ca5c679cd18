import type { Written } from '@cyborgbackup/contracts';
import type { CommandResult } from '@cyborgbackup/event-store';
import { AppError, type DomainEvent } from '@cyborgbackup/kernel';
import { isDeepStrictEqual } from 'node:util';

/** A thing that people register, change and remove. There is no state before it is registered. */
export interface Entity<Fields> {
  readonly uuid: string;
  readonly id: number;
  readonly isRemoved: boolean;
  readonly fields: Fields;
}

/** @throws AppError `not-found` unless it is there now */
export const requireExisting = <State extends Entity<unknown>>(state: State | undefined, kind: string): State => {
  if (!state || state.isRemoved) throw new AppError('not-found', `There is no such ${kind}: it may have been deleted.`);
  return state;
};

/** @throws AppError `conflict` when there is, or was, something in this stream */
export const requireNew = (state: Entity<unknown> | undefined): void => {
  if (state) throw new AppError('conflict', 'This uuid belongs to something else already: choose another one.');
};

type Changes<Fields> = { readonly [Name in keyof Fields]?: Fields[Name] | undefined };

/** Of the fields named, those that get another value. */
export const changedFields = <Fields extends object>(current: Fields, changes: Changes<Fields>): Partial<Fields> => {
  const differs = ([name, value]: [string, unknown]): boolean =>
    value !== undefined && !isDeepStrictEqual(value, current[name as keyof Fields]);
  return Object.fromEntries(Object.entries(changes).filter(differs)) as Partial<Fields>;
};

export const isEmpty = (object: object): boolean => Object.keys(object).length === 0;

/** The answer to a command about an entity. */
export const writtenBy = <State extends Entity<unknown> | undefined, E extends DomainEvent>(
  { state, version, position }: CommandResult<State, E>,
  kind: string,
): Written => {
  if (!state) throw new AppError('not-found', `There is no such ${kind}: it may have been deleted.`);
  return { uuid: state.uuid, id: state.id, version, position: position?.toString() ?? null };
};
