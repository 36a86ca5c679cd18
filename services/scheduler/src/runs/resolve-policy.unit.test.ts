import { expect, it } from 'vitest';
import { somePolicy } from '../testing/policy-fixture.ts';
import { resolvePolicy } from './resolve-policy.ts';
import type { RunDeps } from './run-deps.ts';

/** An inventory that gives two clients at a time, and does something after each answer. */
const inventoryOf = (clientCount: number, after: (clients: object[], answers: number) => void) => {
  const policy = somePolicy(1, { clientCount });
  const clients: object[] = [...policy.clients];
  let answers = 0;
  const call = (_subject: string, { clients_from: from }: { readonly clients_from: number }): Promise<object> => {
    const next = from + 2 < clients.length ? from + 2 : null;
    const page = { ...policy, clients: clients.slice(from, from + 2), next, revision: JSON.stringify(clients) };
    after(clients, (answers += 1));
    return Promise.resolve(page);
  };
  return { policy, clients, deps: { rpc: { call } } as unknown as RunDeps };
};

it('leaves out no client when others are removed while it asks', async () => {
  const { policy, clients, deps } = inventoryOf(6, (all, answers) => {
    if (answers === 2) all.shift();
  });
  const resolved = await resolvePolicy(deps, 1);
  expect(resolved.clients).toEqual(policy.clients.slice(1));
  expect(resolved).toEqual({ ...policy, clients });
});

it('gives up when the clients change all the time', async () => {
  const { deps } = inventoryOf(6, (all) => void all.push(all.shift()!));
  await expect(resolvePolicy(deps, 1)).rejects.toMatchObject({ code: 'unavailable' });
});
