import type { DomainEvent } from '@cyborgbackup/kernel';
import { describe, expect, test } from 'vitest';
import { foldEvents } from './fold-events.ts';
import { PoisonEventError } from './poison-event.ts';
import { typed, type ColumnsFor } from '../define/column-type.ts';
import { defineTable, type RowOf } from '../define/table.ts';
import { defineProjection } from '../define/projection.ts';
import { defineReadModel } from '../define/read-model.ts';

interface Row {
  readonly id: string;
  readonly owner: string | null;
  readonly at: string | null;
  readonly facts: unknown;
}

interface Made {
  readonly type: 'made';
  readonly data: Row;
}
interface Changed {
  readonly type: 'changed';
  readonly data: Partial<Row> & { readonly id: string };
}
interface Touched {
  readonly type: 'touched' | 'removed' | 'spoilt' | 'moved';
  readonly data: { readonly id: string };
}
interface Cleared {
  readonly type: 'cleared' | 'taken';
  readonly data: { readonly owner: string };
}

const model = defineReadModel<Row, Made | Changed | Touched | Cleared>(
  defineTable('things', {
    columns: { id: 'uuid', owner: 'text?', at: 'timestamptz?', facts: 'jsonb' },
    key: ['id'],
  }),
  {
    made: ({ data }, table) => table.put(data),
    changed: ({ data }, table) => table.update({ id: data.id }, data),
    touched: ({ data }, table) => table.update({ id: data.id }, (row) => row),
    removed: ({ data }, table) => table.remove({ id: data.id }),
    moved: ({ data }, table) => table.update({ id: data.id }, { id: A }),
    spoilt: ({ data }, table) => table.update({ id: data.id }, (row) => Object.assign(row, { owner: 'spoilt' })),
    cleared: ({ data }, table) => table.removeMatches({ owner: data.owner }),
    taken: ({ data }, table) => table.updateMatches({ owner: data.owner }, { owner: `not ${data.owner}` }),
  },
);

const A = '0a000000-0000-4000-8000-000000000001';
const B = '0b000000-0000-4000-8000-000000000002';
const made = (id: string, owner: string | null): Made => ({ type: 'made', data: { id, owner, at: null, facts: {} } });
const after = (...events: readonly DomainEvent[]): readonly Row[] => foldEvents(model, events);

describe('a history of events becomes rows', () => {
  const a = { id: A, owner: 'x', at: null, facts: {} };
  test.each<readonly [string, readonly DomainEvent[], readonly Partial<Row>[]]>([
    ['put writes a row', [made(A, 'x')], [a]],
    ['put replaces a row', [made(A, 'y'), made(A, 'x')], [a]],
    ['a key counts whatever its form', [made(A, 'y'), made(A.toUpperCase(), 'x')], [a]],
    ['update changes some columns', [made(A, 'y'), { type: 'changed', data: { id: A, owner: 'x' } }], [a]],
    ['update leaves a missing row alone', [{ type: 'changed', data: { id: A, owner: 'x' } }], []],
    ['remove deletes', [made(A, 'x'), made(B, 'x'), { type: 'removed', data: { id: B } }], [a]],
    ['remove of a missing row does nothing', [{ type: 'removed', data: { id: B } }], []],
    ['a removed row can come back', [made(A, 'y'), { type: 'removed', data: { id: A } }, made(A, 'x')], [a]],
    ['removeMatches deletes by value', [made(A, 'x'), made(B, 'y'), { type: 'cleared', data: { owner: 'y' } }], [a]],
    [
      'a null matches no value',
      [made(A, 'x'), made(B, null), { type: 'cleared', data: { owner: 'null' } }],
      [a, { ...a, id: B, owner: null }],
    ],
    [
      'updateMatches sees rows as they are by then',
      [
        made(A, 'y'),
        { type: 'taken', data: { owner: 'x' } },
        { type: 'changed', data: { id: A, owner: 'x' } },
        { type: 'taken', data: { owner: 'y' } },
      ],
      [a],
    ],
    ['an event of another type does nothing', [made(A, 'x'), { type: 'else', data: {} }], [a]],
    [
      'values have the form in which PostgreSQL gives them back',
      [
        {
          type: 'made',
          data: {
            id: A,
            at: '2026-03-01T01:30:00.5+02:00',
            facts: { zz: 1, b: undefined, a: -0, owner: [] },
            owner: undefined,
          },
        },
      ],
      [{ id: A, owner: null, at: '2026-02-28T23:30:00.500000Z', facts: { a: 0, zz: 1, owner: [] } }],
    ],
  ])('%s', (_name, events, rows) => {
    expect(after(...events)).toEqual(rows);
    expect(JSON.stringify(after(...events))).toBe(JSON.stringify(rows));
  });
});

describe('what cannot be folded names its event', () => {
  test.each<readonly [string, DomainEvent, string]>([
    ['a missing value', { type: 'made', data: { id: A, owner: 'x', at: null } }, 'facts must not be null'],
    [
      'a time without a zone',
      { type: 'made', data: { id: A, at: '2026-03-01T01:30:00', facts: 1 } },
      'at (timestamptz)',
    ],
    [
      'a date that is none',
      { type: 'made', data: { id: A, at: '2026-13-01T01:30:00Z', facts: 1 } },
      'at (timestamptz)',
    ],
    ['a NUL', { type: 'made', data: { id: A, owner: 'x\0', facts: 1 } }, 'cannot store'],
    ['half a surrogate pair', { type: 'made', data: { id: A, owner: null, facts: ['\ud800'] } }, 'cannot store'],
    ['a changed key', { type: 'moved', data: { id: B } }, 'must not change the key'],
    ['a fold that edits its row', { type: 'spoilt', data: { id: B } }, 'read only'],
    ['a key without a value', { type: 'removed', data: {} }, 'id must not be null'],
  ])('refuses %s and names the event', (_name, event, message) => {
    const run = (): unknown => after(made(B, 'x'), event);
    expect(run).toThrow(PoisonEventError);
    expect(run).toThrow(`Event ${event.type} at position 2`);
    expect(run).toThrow(message);
  });

  test('does not repeat the refused value in the message', () => {
    expect(() => after({ type: 'made', data: { id: A, at: 'hunter2', facts: 1 } })).not.toThrow('hunter2');
  });
});

test('the type checker holds columns against fields', () => {
  interface Small {
    readonly id: string;
    readonly note: string | null;
  }
  // @ts-expect-error a column that may be null must say so
  const lax = { id: 'uuid', note: 'text' } satisfies ColumnsFor<Small>;
  // @ts-expect-error a text is no number
  const wrong = { id: 'int4', note: 'text?' } satisfies ColumnsFor<Small>;
  // @ts-expect-error a column is missing
  const short = { id: 'uuid' } satisfies ColumnsFor<Small>;
  expect([lax, wrong, short]).toHaveLength(3);
});

test('the type checker derives rows from columns', () => {
  const table = defineTable('t', {
    columns: { id: 'uuid', note: 'text?', sort: typed<'a' | 'b'>('text') },
    key: ['id'],
  });
  const row: RowOf<typeof table> = { id: A, note: null, sort: 'a' };
  // @ts-expect-error a column that cannot be null is null
  const lax: RowOf<typeof table> = { ...row, id: null };
  // @ts-expect-error the column is narrower than its type in SQL
  const wide: RowOf<typeof table> = { ...row, sort: 'c' };
  // @ts-expect-error a text is never a number
  expect([lax, wide, typed<number>('text'), table.key]).toHaveLength(4);
});

test('a definition that cannot be a table is refused when it is loaded', () => {
  const columns = { id: 'uuid', note: 'text?' } as const;
  expect(() => defineTable('t', { columns, key: ['note'] })).toThrow('the key');
  expect(() => defineTable('t"; --', { columns, key: ['id'] })).toThrow('identifier');
});

test('a projection refuses a table of another schema', () => {
  const other = defineReadModel<{ readonly id: string }, never>(
    defineTable('other.t', { columns: { id: 'uuid' }, key: ['id'] }),
  );
  expect(() => defineProjection({ name: 'other', version: 1, models: [other] })).not.toThrow();
  expect(() => defineProjection({ name: 'mine', version: 1, models: [other] })).toThrow('belongs to another');
});
