import { policyCommands, repositoryCommands } from '@cyborgbackup/contracts';
import type { ServiceDeps } from '@cyborgbackup/service';
import type { ResolvedPolicy } from '../runs/planning/draft-jobs.ts';

/** What inventory answers, by id. */
export interface FakeInventory {
  readonly policies: Map<number, ResolvedPolicy>;
  readonly repositories: Map<number, ResolvedPolicy['repository']>;
}

/** Answers the calls of inventory that the scheduler makes, until the function it returns is called. */
export const playInventory = (deps: ServiceDeps, { policies, repositories }: FakeInventory): (() => void) => {
  const stops = [
    answer(deps, policyCommands.resolve.subject, policyPage(policies)),
    answer(deps, repositoryCommands.resolve.subject, ({ id }) => repositories.get(id)),
  ];
  return () => stops.forEach((stop) => stop());
};

interface Asked {
  readonly id: number;
  readonly clients_from: number;
}

/** Two clients at a time. */
const policyPage =
  (policies: ReadonlyMap<number, ResolvedPolicy>) =>
  ({ id, clients_from: from }: Asked): object | undefined => {
    const policy = policies.get(id);
    if (!policy) return undefined;
    const next = from + 2 < policy.clients.length ? from + 2 : null;
    return { ...policy, clients: policy.clients.slice(from, from + 2), next, revision: '' };
  };

/** Answers a call, as inventory does: speaks the envelope of the RPC library. Returns what ends it. */
const answer = ({ connection }: ServiceDeps, subject: string, find: (asked: Asked) => unknown): (() => void) => {
  const subscription = connection.nats.subscribe(subject, {
    callback: (_error, message) => {
      const { id, data } = message.json<{ id: string; data: Asked }>();
      const response = find(data);
      const err = { code: 'not-found', message: 'There is no such thing.' };
      message.respond(JSON.stringify(response ? { id, response, isDisposed: true } : { id, err, isDisposed: true }));
    },
  });
  return () => subscription.unsubscribe();
};
