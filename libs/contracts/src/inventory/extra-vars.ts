import { isNestedTooDeeply, isRecord, MAX_JSON_DEPTH } from '@cyborgbackup/kernel';
import { SECRET_MASK } from '../wire/scalars.ts';

/*
 * `extra_vars` is JSON text, kept exactly as it was sent. Before it is shown, the values of keys that name secrets are
 * replaced by SECRET_MASK; sent back, a mask stands for the stored value at the same path. Both work on the text itself,
 * not on a parsed copy, so that blanks, order and number formats stay as their author wrote them.
 */

/** Keys whose values are secrets: password, db_passwd, passphrase, client_secret, apiToken, key, api_key, privateKey, … */
const SECRET_KEY = /pass(word|wd|phrase)|pwd|secret|token|(^|[_\-.\s]|api|private|access)key$/i;

/** Whoever may not give commands sees none either: they may hold a password, and say where others are. */
const COMMAND_KEY = /^command$/i;

const isSecret = (key: string): boolean => SECRET_KEY.test(key);
const isSecretOrCommand = (key: string): boolean => isSecret(key) || COMMAND_KEY.test(key);

/** Where a secret's value stands in the text. */
interface SecretSpan {
  /** JSON of the keys and indexes that lead to it. */
  readonly path: string;
  readonly start: number;
  readonly end: number;
}

/** The variables in the text; none for an empty text, undefined for what is no JSON object. */
export const parseExtraVars = (text: string): Readonly<Record<string, unknown>> | undefined => {
  if (text.trim() === '') return {};
  if (isNestedTooDeeply(text)) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    return isRecord(value) && findSecrets(text) !== undefined ? value : undefined;
  } catch {
    return undefined;
  }
};

/**
 * The text with its secrets masked; wholly masked when it is no JSON object.
 * @param options.showsCommands whether the reader may see the command whose output is backed up. Default: false
 */
export const maskExtraVars = (
  text: string,
  { showsCommands = false }: { readonly showsCommands?: boolean } = {},
): string => {
  if (text.trim() === '') return text;
  const spans = parseExtraVars(text) && findSecrets(text, showsCommands ? isSecret : isSecretOrCommand);
  return spans ? replace(text, spans, () => MASK_LITERAL) : SECRET_MASK;
};

/**
 * Puts the stored secrets back where a mask was sent; `missing` names the keys with a mask for which no value is stored.
 * @param stored what `maskExtraVars` was given before, empty when there is none
 */
export const unmaskExtraVars = (
  text: string,
  stored: string,
): { readonly text: string; readonly missing: readonly string[] } => {
  if (text === SECRET_MASK) return { text: stored, missing: stored === '' ? [SECRET_MASK] : [] };
  if (!text.includes(SECRET_MASK)) return { text, missing: [] };
  const spans = parseExtraVars(text) && findSecrets(text);
  if (!spans) return { text, missing: [] };
  const known = new Map((findSecrets(stored) ?? []).map(({ path, start, end }) => [path, stored.slice(start, end)]));
  const masked = spans.filter(({ start, end }) => text.slice(start, end) === MASK_LITERAL);
  const missing = masked.filter(({ path }) => !known.has(path)).map(({ path }) => nameOf(path));
  return { text: replace(text, masked, ({ path }) => known.get(path) ?? MASK_LITERAL), missing };
};

const MASK_LITERAL = JSON.stringify(SECRET_MASK);

const nameOf = (path: string): string => (JSON.parse(path) as readonly unknown[]).join('.');

const replace = (text: string, spans: readonly SecretSpan[], value: (span: SecretSpan) => string): string => {
  const parts: string[] = [];
  let at = 0;
  for (const span of spans) {
    parts.push(text.slice(at, span.start), value(span));
    at = span.end;
  }
  return parts.join('') + text.slice(at);
};

/** Values that hide nothing. */
const PLAIN = /^(null|true|false|""|\{\s*\}|\[\s*\])$/;

const TOKEN = /[\s,:]*("(?:[^"\\]|\\.)*"|[{}[\]]|[^\s{}[\],:"]+)/gsy;

/** The secrets, in order; undefined for a text nested too deeply. The text must be JSON, or empty. */
const findSecrets = (text: string, isHidden = isSecretOrCommand): readonly SecretSpan[] | undefined => {
  const spans: SecretSpan[] = [];
  const token = new RegExp(TOKEN);

  const next = (): { readonly word: string; readonly start: number } => {
    const word = token.exec(text)?.[1] ?? '';
    return { word, start: token.lastIndex - word.length };
  };

  /** Reads one value; true unless it is nested too deeply. */
  const readValue = (path: readonly (string | number)[], isHiddenValue: boolean): boolean => {
    const { word, start } = next();
    if (path.length > MAX_JSON_DEPTH) return false;
    const before = spans.length;
    if (word === '{' && !readMembers(path)) return false;
    if (word === '[' && !readElements(path)) return false;
    const end = token.lastIndex;
    if (!isHiddenValue || PLAIN.test(text.slice(start, end))) return true;
    spans.splice(before, Infinity, { path: JSON.stringify(path), start, end });
    return true;
  };

  const readMembers = (path: readonly (string | number)[]): boolean => {
    for (;;) {
      const { word } = next();
      if (word === '}') return true;
      const key = String(JSON.parse(word));
      if (!readValue([...path, key], isHidden(key))) return false;
    }
  };

  const readElements = (path: readonly (string | number)[]): boolean => {
    for (let index = 0; ; index += 1) {
      const at = token.lastIndex;
      if (next().word === ']') return true;
      token.lastIndex = at;
      if (!readValue([...path, index], false)) return false;
    }
  };

  return text.trim() === '' || readValue([], false) ? spans : undefined;
};
