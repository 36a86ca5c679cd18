interface Entry<T> {
  readonly value: T;
  readonly expiresAt: number;
}

/** The least recently used entries go first; none is older than `ttlMillis`. */
export interface KeyCache<T> {
  get(key: string): T | undefined;
  set(key: string, value: T): void;
  delete(key: string): void;
  clear(): void;
}

export const createKeyCache = <T>(maxEntries: number, ttlMillis: number): KeyCache<T> => {
  // A Map keeps insertion order; a hit is moved to the end.
  const entries = new Map<string, Entry<T>>();
  return {
    get: (key) => {
      const entry = entries.get(key);
      if (!entry) return undefined;
      entries.delete(key);
      if (entry.expiresAt <= performance.now()) return undefined;
      entries.set(key, entry);
      return entry.value;
    },
    set: (key, value) => {
      entries.delete(key);
      entries.set(key, { value, expiresAt: performance.now() + ttlMillis });
      if (entries.size <= maxEntries) return;
      const { value: oldest } = entries.keys().next();
      if (oldest !== undefined) entries.delete(oldest);
    },
    delete: (key) => void entries.delete(key),
    clear: () => entries.clear(),
  };
};
