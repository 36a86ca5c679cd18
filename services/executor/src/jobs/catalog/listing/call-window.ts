/** Bounds how many calls are under way at once; the first that fails ends it all. */
export interface CallWindow {
  /** Starts the work, as soon as fewer than the limit are under way. @throws what earlier work failed with */
  run(work: () => Promise<unknown>): Promise<void>;
  /** Waits for all of it. @throws likewise */
  drain(): Promise<void>;
}

export const createCallWindow = (limit: number): CallWindow => {
  const running = new Set<Promise<void>>();
  const failures: unknown[] = [];

  const check = (): void => {
    if (failures.length > 0) throw failures[0];
  };

  return {
    run: async (work) => {
      while (running.size >= limit) await Promise.race(running);
      check();
      const call: Promise<void> = work()
        .then(
          () => undefined,
          (error: unknown) => void failures.push(error),
        )
        .finally(() => running.delete(call));
      running.add(call);
    },
    drain: async () => {
      await Promise.all(running);
      check();
    },
  };
};
