import fc from 'fast-check';
import { expect, it } from 'vitest';
import { fromColumns, toColumns, type MetadataColumns } from './metadata-columns.ts';

const read = (columns: ReturnType<typeof toColumns>): MetadataColumns => ({
  ...columns,
  metadata: JSON.parse(columns.metadata),
});
const at = '2026-01-02T03:04:05.123456Z';
const id = fc.oneof(fc.uuid(), fc.string(), fc.constant('00000000-0000-0000-0000-000000000000'));

it('metadata is read back as it was written', () => {
  const metadata = fc.record(
    {
      actor: fc.oneof(
        fc.record({ kind: fc.constant('user' as const), id: fc.string() }),
        fc.record({ kind: fc.constant('system' as const), id: fc.stringMatching(/^[a-z]+$/) }),
      ),
      correlationId: id,
      causationId: id,
      occurredAt: fc.constant(at),
      sourceAddress: fc.constant({ $encrypted: { subject: 's', value: 'v' } }),
    },
    { requiredKeys: ['actor', 'correlationId', 'causationId', 'occurredAt'] },
  );
  fc.assert(
    fc.property(metadata, (given) => {
      expect(fromColumns(read(toColumns(given)))).toEqual(given);
    }),
  );
});

it('what is the same in nearly all events is in columns alone', () => {
  const correlationId = '4e1b2f1c-7d0e-4f7a-9a39-0d5f4c1f2b3a';
  const actor = { kind: 'system', id: 'scheduler' } as const;
  expect(toColumns({ actor, correlationId, causationId: correlationId, occurredAt: at })).toEqual({
    actor: 'scheduler',
    correlation: correlationId,
    occurred_at: at,
    metadata: '{}',
  });
});

it('an actor beside the column, which the database did not check, is nobody', () => {
  const forged = { actor: { kind: 'user', id: 'root' }, occurredAt: '1970-01-01T00:00:00.000000Z' } as const;
  const columns = { actor: 'executor', correlation: 'c', occurred_at: at, metadata: forged };
  expect(fromColumns(columns)).toMatchObject({ actor: { kind: 'system', id: 'executor' }, occurredAt: at });
});

it.each([
  [{ occurredAt: '2026-01-02T03:04:05.123Z' }, 'not in microseconds'],
  [{ actor: { kind: 'system', id: 'user:root' } as const }, 'user:root is no service'],
])('refuses what could not be read back: %o', (more, reason) => {
  const metadata = {
    actor: { kind: 'system', id: 's' } as const,
    correlationId: 'c',
    causationId: 'c',
    occurredAt: at,
  };
  expect(() => toColumns({ ...metadata, ...more })).toThrow(reason);
});
