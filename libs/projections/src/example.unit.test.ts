import { expect, test } from 'vitest';
import { defineTable, type RowOf } from './define/index.ts';
import { defineProjection, defineReadModel, foldEvents } from './index.ts';

/** Quoted in README.md. */
const hosts = defineTable('hosts.hosts', { columns: { id: 'uuid', name: 'text', seen: 'timestamptz?' }, key: ['id'] });

type HostEvent =
  | { readonly type: 'host-registered'; readonly data: { readonly id: string; readonly name: string } }
  | { readonly type: 'host-removed'; readonly data: { readonly id: string } };

const model = defineReadModel<RowOf<typeof hosts>, HostEvent>(hosts, {
  'host-registered': ({ data }, table) => table.put({ ...data, seen: null }),
  'host-removed': ({ data }, table) => table.remove({ id: data.id }),
});

const projection = defineProjection({ name: 'hosts', version: 1, models: [model] });
// await runProjection({ projection, pool, store, codec, owner, logger, signal });

test('the example of the README folds events into the rows of its table', () => {
  const [a, b] = ['1f0e7c3a-0000-4000-8000-00000000000a', '1f0e7c3a-0000-4000-8000-00000000000b'];
  const registered = [a, b].map((id) => ({ type: 'host-registered', data: { id, name: 'web' } }));
  const rows = foldEvents(model, [...registered, { type: 'host-removed', data: { id: a } }]);
  expect(rows).toEqual([{ id: b, name: 'web', seen: null }]);
  expect(projection.models).toEqual([model]);
});
