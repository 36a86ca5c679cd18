/**
 * Does the work for all items, at most `limit` at a time. After the first failure no further item is begun; unlike in the
 * libraries for this, items that are under way are waited for, so nothing goes on behind the caller's back.
 */
export const inParallel = async <T>(
  items: readonly T[],
  limit: number,
  work: (item: T) => Promise<void>,
): Promise<void> => {
  const rest = items.values();
  let failed = false;
  const workOff = async (): Promise<void> => {
    // The workers share one iterator: each item is taken once.
    for (const item of rest) {
      if (failed) return;
      await work(item).catch((error: unknown) => {
        failed = true;
        throw error;
      });
    }
  };
  const results = await Promise.allSettled(Array.from({ length: Math.min(limit, items.length) }, workOff));
  for (const result of results) if (result.status === 'rejected') throw result.reason;
};
