/** How far something has come, for those who wait until it has come far enough. */
export interface Tide {
  rise(position: bigint): void;
  /** Resolves at once when it has come as far, when it has, or when the signal aborts. */
  reached(position: bigint, signal: AbortSignal): Promise<void>;
}

export const createTide = (): Tide => {
  let level = -1n;
  let next = Promise.withResolvers<void>();
  return {
    rise: (position) => {
      if (position <= level) return;
      level = position;
      next.resolve();
      next = Promise.withResolvers();
    },
    reached: async (position, signal) => {
      const aborted = new Promise<void>((resolve) => {
        if (signal.aborted) resolve();
        else signal.addEventListener('abort', () => resolve(), { once: true });
      });
      while (level < position && !signal.aborted) await Promise.race([next.promise, aborted]);
    },
  };
};
