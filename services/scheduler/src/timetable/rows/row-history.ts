import type { EventMetadata } from '@cyborgbackup/kernel';
import type { FormerValues } from '@cyborgbackup/read-models';

/*
 * All that decides when something is due is folded from the inventory's events: as table rows, and in the leader's memory.
 * A change holds for what is due after it. What was due before may still wait for its start, so rows keep the values of
 * then: every later leader computes the same occurrences. See docs/decisions/0012-an-occurrence-is-a-run-or-an-event.md.
 */

/** An event with what a fold reads of its metadata. */
export type Recorded<E> = E & { readonly metadata: Pick<EventMetadata, 'occurredAt'> };

/** What becomes of a row: null = it is removed, undefined = it does not exist. */
export type RowUpdate<Row> = Row | null | undefined;

/** A row that keeps former values. */
export interface WithHistory<Values> {
  /** Nothing was due up to here, or it is not known any more what was. */
  readonly valid_from: string;
  /** Former values, each with the time of its change, which it holds for too; the oldest first. */
  readonly history: readonly FormerValues<Values>[];
}

/** Should a row be changed more often before its occurrences are processed, the oldest values are forgotten. */
export const MAX_PAST = 50;

/** What lies further ahead than this was recorded by a clock that was wrong. */
export const AHEAD_MILLIS = 60_000;

/** A row whose times that lie ahead of the clock are taken for now, so that nothing waits until the clock has come there. */
export const notAhead = <Row extends WithHistory<object> & { readonly last_occurrence?: string | null }>(
  row: Row,
  now: number,
): Row => {
  const { valid_from, last_occurrence, history } = row;
  const isAhead = (time: string | null | undefined): boolean =>
    typeof time === 'string' && Date.parse(time) > now + AHEAD_MILLIS;
  if (![valid_from, last_occurrence, ...history.map(({ until }) => until)].some(isAhead)) return row;
  const at = new Date(now).toISOString();
  return {
    ...row,
    valid_from: isAhead(valid_from) ? at : valid_from,
    ...(isAhead(last_occurrence) ? { last_occurrence: at } : {}),
    history: history.map((past) => (isAhead(past.until) ? { ...past, until: at } : past)),
  };
};

type Changes<Row> = { readonly [Name in keyof Row]?: Row[Name] | undefined };

/** Of these values, those that differ from the row's. */
export const changedValues = <Row extends object>(row: Row, values: Changes<Row>): object =>
  Object.fromEntries(
    Object.entries(values).filter(([name, value]) => value !== undefined && value !== Reflect.get(row, name)),
  );

/** The row with these values and, if they differ, with its former ones, of which `pick` gives those that are kept. */
export const withChange = <Values extends object, Row extends Values & WithHistory<Values>>(
  row: Row | undefined,
  values: Changes<Values>,
  until: string,
  pick: (row: Values) => Values,
): Row | undefined => {
  if (!row) return undefined;
  const different = changedValues<Values>(row, values);
  if (Object.keys(different).length === 0) return row;
  const history = [...row.history, { ...pick(row), until }];
  const forgotten = history.length > MAX_PAST ? history.shift() : undefined;
  return { ...row, ...different, valid_from: forgotten?.until ?? row.valid_from, history };
};

/** The row as it was at this time (milliseconds since 1970; infinity = now), undefined before it existed. */
export const rowAt = <Values extends object, Row extends Values & WithHistory<Values>>(
  row: Row | undefined,
  millis: number,
): Row | undefined => {
  if (!row || millis <= Date.parse(row.valid_from)) return undefined;
  const past = row.history.find(({ until }) => millis <= Date.parse(until));
  return past ? { ...row, ...past } : row;
};

/** When the row was made and when it was changed, in milliseconds since 1970. */
export const changeTimes = ({ valid_from, history }: WithHistory<object>): readonly number[] =>
  [valid_from, ...history.map(({ until }) => until)].map((at) => Date.parse(at));
