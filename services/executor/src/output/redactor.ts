/** Replaces secrets in text. */
export interface Redactor {
  /** Texts shorter than four characters are not hidden: they would be found everywhere by chance. */
  readonly hide: (secret: string) => void;
  readonly clean: (text: string) => string;
}

const SHORTEST = 4;
const REPLACEMENT = '[redacted]';

const inPercent = (character: string): string => `%${character.charCodeAt(0).toString(16).toUpperCase()}`;

/** How files, shells and addresses write a text. */
const SPELLINGS: readonly ((text: string) => string)[] = [
  (text) => text,
  // JSON, which is how borg writes its log; the same in an option file.
  (text) => JSON.stringify(text).slice(1, -1),
  // A password file.
  (text) => text.replaceAll(/[\\:]/g, '\\$&'),
  // A shell, between single quotes and without quotes.
  (text) => text.replaceAll("'", "'\\''"),
  (text) => text.replaceAll(/[^\w@%+=:,./-]/g, '\\$&'),
  // A URL, with and without the marks that need no escape.
  (text) => encodeURIComponent(text.toWellFormed()),
  (text) => encodeURIComponent(text.toWellFormed()).replaceAll(/[!'()*]/g, inPercent),
];

interface Range {
  readonly start: number;
  readonly end: number;
}

const occurrences = (text: string, secret: string): readonly Range[] => {
  const found: Range[] = [];
  for (let start = text.indexOf(secret); start !== -1; start = text.indexOf(secret, start + 1)) {
    found.push({ start, end: start + secret.length });
  }
  return found;
};

/**
 * Secrets that overlap, or contain one another, are removed completely. Output comes line by line and is trimmed, so each line of
 * a secret counts as a secret, and so does its trimmed text.
 */
export const redactor = (): Redactor => {
  const secrets = new Set<string>();
  return {
    hide: (secret) => {
      const parts = [secret, ...secret.split(/\r?\n/)].flatMap((part) => [part, part.trim()]);
      for (const part of parts.filter(({ length }) => length >= SHORTEST)) {
        for (const spelling of SPELLINGS) secrets.add(spelling(part));
      }
    },
    clean: (text) => {
      const found = [...secrets].flatMap((secret) => occurrences(text, secret)).sort((a, b) => a.start - b.start);
      let cleaned = '';
      let end = 0;
      for (const range of found) {
        if (range.start >= end) cleaned += text.slice(end, range.start) + REPLACEMENT;
        end = Math.max(end, range.end);
      }
      return cleaned + text.slice(end);
    },
  };
};
