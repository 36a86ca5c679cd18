#!/usr/bin/env node
/**
 * Checks the SQL that stands in the sources against the tables of libs/read-models: a column that its owner renamed or dropped is an
 * error in every text that still names it. Statements are put together from fragments, so a text is parsed with what is inserted
 * replaced by null; one that is no statement by itself is searched for `alias.column`. What is not looked at: texts that name no
 * table of a read model, and names that a subquery, a function or `as` introduces.
 */
import { catalog, executor, inventory, scheduler } from '@cyborgbackup/read-models';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { loadModule, parseSync } from 'libpg-query';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const tables = new Map(
  [inventory, scheduler, executor, catalog].flatMap((schema) =>
    Object.values(schema).map(({ name, columns }) => [name, new Set(columns.map((column) => column.name))]),
  ),
);

/** The template literals and strings of a source, each with its line, and null in place of what is inserted. */
const textsOf = (source) => {
  const texts = [];
  let line = 1;
  /** Reads from behind a backtick to its partner; returns the index behind that. */
  const read = (start) => {
    const begun = line;
    let text = '';
    let index = start;
    while (index < source.length && source[index] !== '`') {
      if (source[index] === '\n') line += 1;
      if (source[index] === '\\') {
        text += source.slice(index, index + 2);
        index += 2;
      } else if (source.startsWith('${', index)) {
        index = skip(index + 2);
        text += 'null';
      } else {
        text += source[index];
        index += 1;
      }
    }
    texts.push({ line: begun, text });
    return index + 1;
  };
  /** Reads code up to the brace that ends it. */
  const skip = (start) => {
    let depth = 0;
    let index = start;
    while (index < source.length) {
      const char = source[index];
      if (char === '\n') line += 1;
      if (char === '`') {
        index = read(index + 1);
        continue;
      }
      if (char === '}' && depth === 0) return index + 1;
      if (char === '{') depth += 1;
      if (char === '}') depth -= 1;
      index += 1;
    }
    return index;
  };
  // Comments and plain strings may have a backtick in them.
  source = source.replace(/\/\*[^]*?\*\/|^\s*\/\/.*$|(?<=\s)\/\/ .*$/gm, (comment) => comment.replace(/[^\n]/g, ' '));
  skip(0);
  for (const [index, row] of source.split('\n').entries()) {
    for (const [, , text] of row.matchAll(/(['"])((?:(?!\1).)*)\1/g)) texts.push({ line: index + 1, text });
  }
  return texts;
};

const isNode = (value) => value !== null && typeof value === 'object';

/** Calls back for each object in a parse tree with the name of its kind. */
const walk = (node, visit) => {
  if (!isNode(node)) return;
  for (const [kind, value] of Object.entries(node)) {
    if (isNode(value) && !Array.isArray(value)) visit(kind, value);
    walk(value, visit);
  }
};

/** Parts of a name; none for one with a star. */
const partsOf = ({ fields }) => (fields.every((field) => field.String) ? fields.map((field) => field.String.sval) : []);

/** Notes what the table is called in its statement. @returns false for a table that is no read model's */
const addAlias = (aliases, { schemaname, relname, alias }) => {
  const columns = tables.get(`${schemaname}.${relname}`);
  if (columns) aliases.set(alias?.aliasname ?? relname, columns);
  return columns !== undefined;
};

/** Names of columns in a statement that no table of it has. */
const unknownInTree = (tree) => {
  const aliases = new Map();
  const introduced = new Set();
  const refs = [];
  let onlyOurs = true;
  walk(tree, (kind, node) => {
    if (kind === 'RangeVar' || kind === 'relation') onlyOurs = addAlias(aliases, node) && onlyOurs;
    if (['RangeSubselect', 'RangeFunction', 'CommonTableExpr'].includes(kind)) onlyOurs = false;
    if (kind === 'ResTarget' && node.name) introduced.add(node.name);
    if (kind === 'ColumnRef') refs.push(partsOf(node));
  });
  const all = [...aliases.values()];
  const isKnown = ([first, second, ...more]) => {
    if (first === undefined || more.length > 0) return true;
    if (second !== undefined) return aliases.get(first)?.has(second) ?? true;
    return !onlyOurs || introduced.has(first) || aliases.has(first) || all.some((columns) => columns.has(first));
  };
  return aliases.size === 0 ? [] : refs.filter((ref) => !isKnown(ref)).map((ref) => ref.join('.'));
};

const TABLE =
  /\b(?:from|join|update|into|using|,)\s+((?:inventory|scheduler|executor|catalog)\.\w+)(?:\s+(?:as\s+)?(\w+))?/gi;

/** The same for a fragment, by its words. */
const unknownInText = (text) => {
  const aliases = new Map();
  for (const [, table, alias] of text.matchAll(TABLE)) {
    if (!tables.has(table)) return [`the table ${table}`];
    if (alias) aliases.set(alias, tables.get(table));
  }
  for (const [, alias] of text.matchAll(/\)\s+(?:as\s+)?(\w+)/g)) aliases.delete(alias);
  return [...text.matchAll(/(?<![\w.'])(\w+)\.(\w+)\b(?!\()/g)].flatMap(([ref, alias, column]) =>
    aliases.has(alias) && !aliases.get(alias).has(column) ? [ref] : [],
  );
};

const NAMES_TABLE = /\b(?:inventory|scheduler|executor|catalog)\.\w+/;
const LOOKS_LIKE_SQL = /\b(?:select|from|join|update|insert|delete)\b/i;

await loadModule();
const sources = execFileSync('git', ['ls-files', '-co', '--exclude-standard', 'libs', 'services', 'bench'], {
  cwd: root,
  encoding: 'utf8',
})
  .split('\n')
  .filter((file) => /\.(?:ts|sql)$/.test(file) && !/\.test\.ts$|\/(?:testing|e2e|sql)\//.test(file));

const problems = [];
let parsed = 0;
let searched = 0;
for (const file of sources) {
  const source = readFileSync(join(root, file), 'utf8');
  for (const { line, text } of file.endsWith('.sql') ? [{ line: 1, text: source }] : textsOf(source)) {
    if (!NAMES_TABLE.test(text) || !LOOKS_LIKE_SQL.test(text)) continue;
    let unknown;
    try {
      unknown = unknownInTree(parseSync(text));
      parsed += 1;
    } catch {
      unknown = unknownInText(text);
      searched += 1;
    }
    problems.push(...unknown.map((name) => `${file}:${line}: no table of this statement has ${name}`));
  }
}

if (process.argv.includes('--count')) process.stdout.write(`${parsed} texts parsed, ${searched} searched\n`);
process.stdout.write(problems.map((problem) => `${problem}\n`).join(''));
process.exitCode = problems.length === 0 ? 0 : 1;
