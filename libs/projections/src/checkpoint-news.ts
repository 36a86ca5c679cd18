/**
 * A hint within one process that a projection has moved on, so that who waits for it need not poll. It is only a hint:
 * the projection may be one of another database, and the truth is in the checkpoint table.
 */
type Listener = (name: string, position: bigint) => void;

const listeners = new Set<Listener>();

/** @returns how to stop listening */
export const onCheckpointNews = (listener: Listener): (() => void) => {
  listeners.add(listener);
  return () => listeners.delete(listener);
};

export const announceCheckpoint: Listener = (name, position) => {
  for (const listener of listeners) listener(name, position);
};
