/** The position up to which something has come; it only ever rises. */
export interface Watermark {
  /** Nothing happens if it is as high already. */
  advance(position: bigint): void;
  /** Resolves once it is as high, or when the watermark's signal aborts. */
  waitFor(position: bigint): Promise<void>;
}

export const createWatermark = (signal: AbortSignal): Watermark => {
  let current = -1n;
  let change = Promise.withResolvers<void>();
  signal.addEventListener('abort', () => change.resolve(), { once: true });
  return {
    advance: (position) => {
      if (position <= current) return;
      current = position;
      change.resolve();
      change = Promise.withResolvers();
    },
    waitFor: async (position) => {
      while (current < position && !signal.aborted) await change.promise;
    },
  };
};
