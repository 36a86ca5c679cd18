/** Replaces secrets in text. */
export interface Redactor {
  /** Texts shorter than four characters are not hidden: they would turn up everywhere by chance. */
  hide(secret: string): void;
  clean(text: string): string;
}

const SHORTEST = 4;
const REPLACEMENT = '[redacted]';

export const redactor = (): Redactor => {
  const secrets = new Set<string>();
  return {
    hide: (secret) => {
      if (secret.length < SHORTEST) return;
      secrets.add(secret);
      // As it appears inside JSON, which is how borg writes its log.
      secrets.add(JSON.stringify(secret).slice(1, -1));
    },
    clean: (text) => {
      let cleaned = text;
      for (const secret of secrets) cleaned = cleaned.replaceAll(secret, REPLACEMENT);
      return cleaned;
    },
  };
};
