#!/usr/bin/env node
/**
 * The walls between folders, as `npm run lint` holds them (docs/architecture.md, "Walls"):
 *
 *   1. folders of one package import each other in one direction only: their imports have no cycle, and that counts a folder
 *      and the folders inside it as different ones
 *   2. a folder holds 15 source files at most
 *   3. an exported name stands for one thing in a package
 *   4. a file under 30 lines with a single importer (tests do not count as importers) belongs into that importer, unless a test
 *      beside it is its own; a few such files are allowed, see CRUMBS_MAX
 *
 * Imports are found as text: every import of ours is written `from './path.ts'`, which ESLint and the compiler enforce.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';

const FOLDER_MAX = 15;
const CRUMB_LINES = 30;
const CRUMBS_MAX = 25;

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const tracked = execFileSync('git', ['ls-files', '-co', '--exclude-standard', 'libs/*.ts', 'services/*.ts'], {
  cwd: root,
  encoding: 'utf8',
});
const isTest = (file) => /\.test\.ts$|\/(testing|fixtures|e2e)\/|^libs\/testkit\//.test(file);
const packageOf = (file) => file.split('/').slice(0, 2).join('/');

const files = new Map();
for (const file of tracked.split('\n').filter(Boolean)) {
  let text;
  try {
    text = readFileSync(join(root, file), 'utf8');
  } catch {
    continue; // deleted, and not committed yet
  }
  const imports = [...text.matchAll(/(?:from|import)\s+'(\.[^']+)'/g)].map(([, path]) =>
    normalize(join(dirname(file), path)),
  );
  files.set(file, { text, imports, lines: text.split('\n').length - 1 });
}
const sources = [...files].filter(([file]) => !isTest(file));
const importersOf = (target, among) =>
  among.filter(([, { imports }]) => imports.includes(target)).map(([file]) => file);

/** Folder -> the folders that its own files import from, with one example each. */
const folders = new Map();
for (const [file, { imports }] of sources) {
  const from = dirname(file);
  if (!folders.has(from)) folders.set(from, new Map());
  for (const target of imports) {
    const to = dirname(target);
    if (to !== from && files.has(target) && !isTest(target)) folders.get(from).set(to, `${file} -> ${target}`);
  }
}

/** Groups of folders that can all be reached from each other (Tarjan's algorithm). */
const cycles = () => {
  const [order, low, stack, found] = [new Map(), new Map(), [], []];
  const visit = (folder) => {
    order.set(folder, order.size);
    low.set(folder, order.get(folder));
    stack.push(folder);
    for (const next of folders.get(folder)?.keys() ?? []) {
      if (!order.has(next)) visit(next);
      if (stack.includes(next)) low.set(folder, Math.min(low.get(folder), low.get(next)));
    }
    if (low.get(folder) !== order.get(folder)) return;
    const group = stack.splice(stack.indexOf(folder));
    if (group.length > 1) found.push(group);
  };
  for (const folder of folders.keys()) if (!order.has(folder)) visit(folder);
  return found;
};

const problems = [];
for (const group of cycles()) {
  const arrows = group.flatMap((from) => group.flatMap((to) => folders.get(from)?.get(to) ?? []));
  problems.push([`These folders import each other: ${group.join(', ')}`, ...arrows].join('\n    '));
}

const sizes = Map.groupBy(sources, ([file]) => dirname(file));
for (const [folder, inside] of sizes) {
  if (inside.length > FOLDER_MAX)
    problems.push(`${folder} holds ${inside.length} source files (at most ${FOLDER_MAX}).`);
}

const definitions = new Map();
for (const [file, { text }] of sources) {
  for (const [, name] of text.matchAll(/^export (?:async )?(?:const|function|class|interface|type) (\w+)/gm)) {
    const key = `${packageOf(file)} ${name}`;
    definitions.set(key, (definitions.get(key) ?? new Set()).add(file));
  }
}
for (const [key, where] of definitions) {
  if (where.size > 1) problems.push(`${key.split(' ')[1]} is exported by ${[...where].join(' and ')}.`);
}

const tested = new Set([...files.keys()].map((file) => file.match(/^(.+)\.\w+\.test\.ts$/)?.[1]));
const hasOwnTest = (file) => tested.has(file.slice(0, -'.ts'.length));

const crumbs = sources.filter(([file, { lines }]) => {
  if (lines >= CRUMB_LINES || /\/(index|main)\.ts$/.test(file)) return false;
  if (hasOwnTest(file)) return false;
  return importersOf(file, sources).length === 1;
});
if (crumbs.length >= CRUMBS_MAX) {
  const listed = crumbs.map(([file, { lines }]) => `\n    ${file} (${lines})`).join('');
  problems.push(
    `${crumbs.length} files under ${CRUMB_LINES} lines have a single importer (fewer than ${CRUMBS_MAX}):${listed}`,
  );
}

process.stdout.write(problems.map((problem) => `${problem}\n`).join(''));
if (process.argv.includes('--figures')) {
  process.stdout.write(`${sources.length} files, ${folders.size} folders, ${crumbs.length} crumbs\n`);
}
process.exitCode = problems.length === 0 ? 0 : 1;
