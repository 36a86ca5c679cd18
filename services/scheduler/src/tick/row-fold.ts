import type { EventMetadata } from '@cyborgbackup/kernel';

/*
 * All that decides when something is due is folded from the inventory's events: as table rows, and in the leader's memory.
 * `since` is when a thing last changed in a way that changes the times: slots before it are no missed ones.
 */

/** An event with what a fold reads of its metadata. */
export type Occurred<E> = E & { readonly metadata: Pick<EventMetadata, 'occurredAt'> };

/** The next state of a row: null when it goes, undefined when there is none. */
export type Next<Row> = Row | null | undefined;

type Values<Row> = { readonly [Name in keyof Row]?: Row[Name] | undefined };

const valueOf = (row: object, name: string): unknown => Reflect.get(row, name);

/** Of these values, those that the row has not. */
export const news = <Row extends object>(row: Row, values: Values<Row>): object =>
  Object.fromEntries(
    Object.entries(values).filter(([name, value]) => value !== undefined && value !== valueOf(row, name)),
  );

/** The row with these values, and `since` moved on if they make any difference. */
export const changed = <Row extends { readonly since: string }>(
  row: Row | undefined,
  values: Values<Row>,
  occurredAt: string,
): Next<Row> => {
  if (!row) return undefined;
  const different = news(row, values);
  return Object.keys(different).length === 0 ? row : { ...row, ...different, since: occurredAt };
};
