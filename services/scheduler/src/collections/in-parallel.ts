/** Does the work for all items, at most `limit` at a time. The first failure ends it; what runs then is waited for. */
export const inParallel = async <T>(
  items: readonly T[],
  limit: number,
  work: (item: T) => Promise<void>,
): Promise<void> => {
  const rest = items.values();
  let failed = false;
  const takeTurns = async (): Promise<void> => {
    // The workers share one iterator: each item is taken once.
    for (const item of rest) {
      if (failed) return;
      await work(item).catch((error: unknown) => {
        failed = true;
        throw error;
      });
    }
  };
  const results = await Promise.allSettled(Array.from({ length: Math.min(limit, items.length) }, takeTurns));
  for (const result of results) if (result.status === 'rejected') throw result.reason;
};
