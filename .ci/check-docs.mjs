#!/usr/bin/env node
/**
 * Checks the map: each file or folder that a document names as code, and each relative link, is there. A name may leave out `libs/`,
 * `services/` and the package's `src/`; one with `<…>` is a pattern and not looked for.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const files = execFileSync('git', ['ls-files', '-co', '--exclude-standard'], { cwd: root, encoding: 'utf8' })
  .split('\n')
  .filter((file) => file !== '' && existsSync(join(root, file)));
const documents = files.filter((file) => file.endsWith('.md') && file !== 'CHANGELOG.md');

/** Files, and the folders that hold one: an empty folder is in no clone. */
const known = new Set(['.']);
for (const file of files) for (let path = file; !known.has(path); path = dirname(path)) known.add(path);

const groups = ['libs', 'services'];
const packages = groups.flatMap((group) => readdirSync(join(root, group)).map((name) => ({ group, name })));

/** What the first part of a path has to be for the path to be one of ours. */
const ours = new Set(['docs', 'deploy', 'bench', '.ci', 'src', ...groups, ...packages.map(({ name }) => name)]);

const isThere = (path, document) => {
  const [first = '', ...rest] = path.split('/');
  const owner = packages.find(({ name }) => name === first);
  const places = [path, join(dirname(document), path)];
  if (owner) places.push(join(owner.group, path), join(owner.group, first, 'src', ...rest));
  return places.some((place) => known.has(normalize(place)) || known.has(`${normalize(place)}.ts`));
};

const problems = [];
for (const document of documents) {
  const text = readFileSync(join(root, document), 'utf8');
  for (const [, path] of text.matchAll(/`([\w.@-]+(?:\/[\w.@-]+)+\/?)`/g)) {
    if (ours.has(path.split('/')[0]) && !isThere(path.replace(/\/$/, ''), document))
      problems.push(`${document}: ${path}`);
  }
  for (const [, target] of text.matchAll(/\]\((?!\w+:)([^)#\s]+)[^)]*\)/g)) {
    if (!known.has(normalize(join(dirname(document), target)).replace(/\/$/, '')))
      problems.push(`${document}: link to ${target}`);
  }
}

if (problems.length > 0) process.stdout.write(`Documents name files that are not there:\n${problems.join('\n')}\n`);
process.exitCode = problems.length === 0 ? 0 : 1;
