const MAX_TEXTS = 10_000;

/**
 * Parses each text once, since schedules are few and policies many. An invalid text gives undefined: the inventory refuses
 * it, but the log may hold one that was valid by other rules.
 */
export const lenientParser = <Parsed>(parse: (text: string) => Parsed): ((text: string) => Parsed | undefined) => {
  const known = new Map<string, Parsed | undefined>();
  return (text) => {
    if (!known.has(text)) {
      if (known.size >= MAX_TEXTS) known.clear();
      known.set(
        text,
        undefinedOnError(() => parse(text)),
      );
    }
    return known.get(text);
  };
};

export const undefinedOnError = <T>(work: () => T): T | undefined => {
  try {
    return work();
  } catch {
    return undefined;
  }
};
