import { toWireError } from '@cyborgbackup/kernel';
import type { Connection } from '@cyborgbackup/messaging';

type Handler = (payload: Record<string, unknown>) => unknown;

/** Stands in for the services behind NATS: answers each subject with what the test says, and keeps what was asked. */
export interface FakeServices {
  /** What was sent to the subject, in order. */
  calls(subject: string): readonly Record<string, unknown>[];
  /** @param handler its result is the answer; what it throws crosses the wire as an error */
  on(subject: string, handler: Handler): void;
  /** For the subjects that have no handler of their own. */
  onAny(handler: Handler): void;
}

export const createFakeServices = async ({ nats }: Connection): Promise<FakeServices> => {
  const handlers = new Map<string, Handler>();
  let fallback: Handler = () => undefined;
  const asked = new Map<string, Record<string, unknown>[]>();
  const answer = async (subject: string, data: Record<string, unknown>): Promise<object> => {
    asked.set(subject, [...(asked.get(subject) ?? []), data]);
    try {
      return { response: await (handlers.get(subject) ?? fallback)(data) };
    } catch (error) {
      return { err: toWireError(error) };
    }
  };
  for (const service of ['inventory', 'scheduler']) {
    nats.subscribe(`${service}.>`, {
      callback: (_error, message) => {
        const { data, id } = message.json<{ data: Record<string, unknown>; id: string }>();
        void answer(message.subject, data).then((reply) =>
          message.respond(JSON.stringify({ ...reply, isDisposed: true, id })),
        );
      },
    });
  }
  await nats.flush();
  return {
    calls: (subject) => asked.get(subject) ?? [],
    on: (subject, handler) => void handlers.set(subject, handler),
    onAny: (handler) => {
      fallback = handler;
    },
  };
};
