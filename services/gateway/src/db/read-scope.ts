import { AsyncLocalStorage } from 'node:async_hooks';

/** For whom the reader reads: set for each request, read by every statement. */
export interface ReadScope {
  /** Whose budget the statements count against: the caller's uuid. Undefined where all that is read are rows by their keys. */
  readonly budgetOf: string | undefined;
  /** Fires when the caller is gone: what is still read for it is cancelled. */
  readonly signal: AbortSignal;
}

const storage = new AsyncLocalStorage<ReadScope | undefined>();

export const runInReadScope = <T>(scope: ReadScope, work: () => T): T => storage.run(scope, work);

/** For what several requests share: it is not cancelled because one of them is. */
export const outsideReadScope = <T>(work: () => T): T => storage.run(undefined, work);

/** Undefined outside of a request, and while it is being authenticated. */
export const currentReadScope = (): ReadScope | undefined => storage.getStore();
