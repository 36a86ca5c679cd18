/** How deep lists and objects may be nested in JSON that somebody sent. */
export const MAX_JSON_DEPTH = 32;

export const TOO_DEEP = `Lists and objects may be nested ${MAX_JSON_DEPTH} levels deep at most.`;

/** Where the text that begins at `start` ends: at its closing quote. */
const endOfText = (json: string, start: number): number => {
  let at = start + 1;
  while (at < json.length && json[at] !== '"') at += json[at] === '\\' ? 2 : 1;
  return at;
};

const LEVELS: ReadonlyMap<string, number> = new Map([
  ['[', 1],
  ['{', 1],
  [']', -1],
  ['}', -1],
]);

/**
 * Whether lists and objects in the JSON text are nested deeper than `MAX_JSON_DEPTH`. Whatever walks through a value calls itself
 * once for each level, so no text from outside is parsed, or handed on, without this question.
 */
export const isNestedTooDeeply = (json: string): boolean => {
  let depth = 0;
  for (let at = 0; at < json.length; at += 1) {
    const character = json.charAt(at);
    if (character === '"') at = endOfText(json, at);
    else depth += LEVELS.get(character) ?? 0;
    if (depth > MAX_JSON_DEPTH) return true;
  }
  return false;
};
