import { defineReadModel, foldEvents } from '@cyborgbackup/projections';
import { expect, test } from 'vitest';
import { inventory, type HostKeyRow } from './index.ts';

/** Quoted in README.md. */
const pinnedKeys = (host: string): { text: string; values: string[] } => ({
  text: `select fingerprint from ${inventory.hostKeys.name} where host = $1`,
  values: [host],
});

const hostKeys = defineReadModel<HostKeyRow, { readonly type: 'key-seen'; readonly data: HostKeyRow }>(
  inventory.hostKeys,
  { 'key-seen': ({ data }, table) => table.put(data) },
);

test('the example of the README reads and keeps a table by one definition', () => {
  const pinned = { stream: 's', host: 'web', port: 22, key_type: 'ssh-ed25519', fingerprint: 'f', public_key: 'k' };
  const row: HostKeyRow = { ...pinned, created: '2026-01-01T00:00:00.000000Z' };
  expect(pinnedKeys('web').text).toBe('select fingerprint from inventory.host_keys where host = $1');
  expect(foldEvents(hostKeys, [{ type: 'key-seen', data: row }])).toEqual([row]);
});
