import { AsyncLocalStorage } from 'node:async_hooks';
import { randomUUID } from 'node:crypto';
import type { Actor } from './event.ts';

/** The services that a process may be; also the first part of their calls' subjects, and the end of their database roles' names. */
export const SERVICE_NAMES = ['gateway', 'inventory', 'scheduler', 'executor', 'catalog'] as const;
export type ServiceName = (typeof SERVICE_NAMES)[number];

/** What is known of the request being served; set once at the edge, read wherever an event or log line is written. */
export interface RequestContext {
  readonly actor: Actor;
  readonly correlationId: string;
  readonly causationId: string;
  readonly sourceAddress?: string;
}

const storage = new AsyncLocalStorage<RequestContext>();

export const runInContext = <T>(context: RequestContext, work: () => T): T => storage.run(context, work);

export const currentContext = (): RequestContext | undefined => storage.getStore();

/** A context for work that a service starts by itself. */
export const systemContext = (service: string, cause?: Partial<RequestContext>): RequestContext => {
  const correlationId = cause?.correlationId ?? randomUUID();
  return { actor: { kind: 'system', id: service }, correlationId, causationId: cause?.causationId ?? correlationId };
};
