/** Callers who ask for the same thing while it is on its way get the same answer. Nothing is kept after that. */
export const shareInFlight = <Args extends readonly unknown[], Value>(
  keyOf: (...args: Args) => string,
  work: (...args: Args) => Promise<Value>,
): ((...args: Args) => Promise<Value>) => {
  const running = new Map<string, Promise<Value>>();
  return (...args) => {
    const key = keyOf(...args);
    const known = running.get(key);
    if (known) return known;
    const value = work(...args).finally(() => running.delete(key));
    running.set(key, value);
    return value;
  };
};
