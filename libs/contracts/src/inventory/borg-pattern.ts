/*
 * Patterns of borg, which fails a whole backup for one that it cannot read: `STYLE:TEXT`, or a text alone. See `borg help patterns`.
 */

const STYLES = ['fm', 'sh', 're', 'pp', 'pf'] as const;
const KNOWN_STYLES = STYLES.map((style) => `${style}:`).join(', ');
const WITH_STYLE = /^([a-z0-9]{2}):(.*)$/is;

/** What Python's regular expressions spell in another way than ours. */
const inOurSpelling = (expression: string): string =>
  expression
    .replace(/^\(\?[aiLmsux]+\)/, '')
    .replaceAll(/\(\?#[^)]*\)/g, '')
    .replaceAll('(?P<', '(?<')
    .replaceAll(/\(\?P=(\w+)\)/g, '\\k<$1>');

/** What only Python's have: possessive repetition, atomic groups, conditions. Borg will say what it thinks of them. */
const PYTHON_ONLY = /[*+?}]\+|\(\?>|\(\?\(/;

const expressionProblem = (expression: string): string | undefined => {
  try {
    new RegExp(inOurSpelling(expression));
    return undefined;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    if (PYTHON_ONLY.test(expression)) return undefined;
    const reason = error.message.split(': ').at(-1);
    return `${expression} is no regular expression (${reason}): write \\[ for a bracket itself, or leave out re: for a plain pattern.`;
  }
};

/** What borg would not take, in a sentence. @param defaultStyle of a text alone */
export const patternProblem = (pattern: string, defaultStyle = 'fm'): string | undefined => {
  const [, style = defaultStyle, text = pattern] = WITH_STYLE.exec(pattern) ?? [];
  if (!STYLES.some((known) => known === style)) return `There is no style ${style}: use one of ${KNOWN_STYLES}.`;
  return style === 're' ? expressionProblem(text) : undefined;
};

/**
 * The same for the lines of a patterns file, by index. `P STYLE` sets the style of texts alone in the lines after it.
 * @param lines each beginning with `+`, `-`, `!` or `P`
 */
export const patternLineProblems = (lines: readonly string[]): ReadonlyMap<number, string> => {
  const problems = new Map<number, string>();
  let defaultStyle = 'sh';
  for (const [index, line] of lines.entries()) {
    const text = line.slice(1).trim();
    const problem = line.startsWith('P') ? patternProblem(`${text}:`) : patternProblem(text, defaultStyle);
    if (problem !== undefined) problems.set(index, problem);
    else if (line.startsWith('P')) defaultStyle = text;
  }
  return problems;
};
