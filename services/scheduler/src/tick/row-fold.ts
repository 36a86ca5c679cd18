import type { EventMetadata } from '@cyborgbackup/kernel';
import type { FormerValues } from '@cyborgbackup/read-models';

/*
 * All that decides when something is due is folded from the inventory's events: as table rows, and in the leader's memory.
 * What a change makes different holds for what is due after it. What was due before may wait for its start, so rows remember
 * what held then: whoever leads next, and whenever, finds the same slots.
 */

/** An event with what a fold reads of its metadata. */
export type Occurred<E> = E & { readonly metadata: Pick<EventMetadata, 'occurredAt'> };

/** The next state of a row: null when it goes, undefined when there is none. */
export type Next<Row> = Row | null | undefined;

/** A row that remembers some of its values. */
export interface Remembering<Values> {
  /** Nothing was due up to here, or is known of it. */
  readonly valid_from: string;
  /** The oldest first. */
  readonly history: readonly FormerValues<Values>[];
}

/** Should a row be changed more often before what was due is settled, the oldest is forgotten. */
export const MAX_PAST = 50;

type Changes<Row> = { readonly [Name in keyof Row]?: Row[Name] | undefined };

const valueOf = (row: object, name: string): unknown => Reflect.get(row, name);

/** Of these values, those that the row has not. */
export const news = <Row extends object>(row: Row, values: Changes<Row>): object =>
  Object.fromEntries(
    Object.entries(values).filter(([name, value]) => value !== undefined && value !== valueOf(row, name)),
  );

/** The row with these values, which remembers those before if they make any difference. */
export const changed = <Values extends object, Row extends Values & Remembering<Values>>(
  row: Row | undefined,
  values: Changes<Values>,
  until: string,
  remembered: (row: Values) => Values,
): Next<Row> => {
  if (!row) return undefined;
  const different = news<Values>(row, values);
  if (Object.keys(different).length === 0) return row;
  const history = [...row.history, { ...remembered(row), until }];
  const forgotten = history.length > MAX_PAST ? history.shift() : undefined;
  return { ...row, ...different, valid_from: forgotten?.until ?? row.valid_from, history };
};

/** The row as it was at this time (milliseconds since 1970; infinity for now), undefined before it was there. */
export const rowAt = <Values extends object, Row extends Values & Remembering<Values>>(
  row: Row | undefined,
  millis: number,
): Row | undefined => {
  if (!row || millis <= Date.parse(row.valid_from)) return undefined;
  const past = row.history.find(({ until }) => millis <= Date.parse(until));
  return past ? { ...row, ...past } : row;
};

/** When the row came and when it was changed, in milliseconds since 1970. */
export const changesOf = ({ valid_from, history }: Remembering<object>): readonly number[] =>
  [valid_from, ...history.map(({ until }) => until)].map((at) => Date.parse(at));
