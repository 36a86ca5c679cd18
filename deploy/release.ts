/** Makes a release: `npm run release -- 1.2.0`. Commits and tags; pushes nothing. See CONTRIBUTING.md. */
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = resolve(fileURLToPath(new URL('..', import.meta.url)));
const git = (...args: string[]): string => execFileSync('git', args, { cwd: root, encoding: 'utf8' }).trim();

/** The changelog with what is unreleased under the new version. @throws Error when there is nothing to release */
export const releaseChangelog = (text: string, version: string, date: string): string => {
  const [, unreleased] = /^## \[Unreleased\]\n([^]*?)(?=^## \[|$(?![^]))/m.exec(text) ?? [];
  if (unreleased === undefined) throw new Error('CHANGELOG.md has no block "## [Unreleased]".');
  if (!/^- /m.test(unreleased))
    throw new Error('Nothing stands under "## [Unreleased]": say what this release brings.');
  return text.replace('## [Unreleased]\n', `## [Unreleased]\n\n## [${version}] - ${date}\n`);
};

/** Every package has the product's version, and names that of its siblings. */
const setVersion = (file: string, version: string): void => {
  const manifest = JSON.parse(readFileSync(file, 'utf8')) as { version: string; dependencies?: Record<string, string> };
  manifest.version = version;
  const { dependencies = {} } = manifest;
  for (const name of Object.keys(dependencies)) if (name.startsWith('@cyborgbackup/')) dependencies[name] = version;
  writeFileSync(file, `${JSON.stringify(manifest, null, 2)}\n`);
};

const release = (version = ''): void => {
  if (!/^\d+\.\d+\.\d+(-[0-9a-z.]+)?$/.test(version)) throw new Error('Name the version: npm run release -- 1.2.0');
  if (git('status', '--porcelain') !== '') throw new Error('The working tree has changes: commit or stash them first.');
  const changelog = join(root, 'CHANGELOG.md');
  const date = new Date().toISOString().slice(0, 10);
  writeFileSync(changelog, releaseChangelog(readFileSync(changelog, 'utf8'), version, date));
  const manifests = git('ls-files', 'package.json', 'libs/*/package.json', 'services/*/package.json').split('\n');
  for (const file of manifests) setVersion(join(root, file), version);
  execFileSync('npm', ['install', '--package-lock-only', '--ignore-scripts'], { cwd: root, stdio: 'inherit' });
  git('commit', '--all', '--message', `release: ${version}`);
  git('tag', '--annotate', `v${version}`, '--message', `CyBorgBackup ${version}`);
  process.stdout.write(`Tagged v${version}. Publish it with: git push --follow-tags\n`);
};

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  try {
    release(process.argv[2]);
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 1;
  }
}
