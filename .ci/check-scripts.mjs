#!/usr/bin/env node
/**
 * Checks the languages that the compiler does not know: every `.sql` file with PostgreSQL's own parser (PL/pgSQL bodies as
 * well), every `.sh` file and every script with a shell's first line with shellcheck, as POSIX shell unless it says `bash`.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { formatSqlError, loadModule, parsePlPgSQLSync, parseSync } from 'libpg-query';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const files = execFileSync('git', ['ls-files', '-co', '--exclude-standard'], { cwd: root, encoding: 'utf8' })
  .split('\n')
  .filter((file) => /\.(sql|sh)$/.test(file) || file === '.ci/run');

/** Scripts for psql may have commands and variables of psql's own. */
const withoutPsql = (text) => text.replace(/^\\.*$/gm, '').replace(/:'\w+'/g, "''");

const problems = [];
await loadModule();
for (const file of files.filter((name) => name.endsWith('.sql'))) {
  const text = withoutPsql(readFileSync(join(root, file), 'utf8'));
  try {
    parseSync(text);
    // Only functions in PL/pgSQL are parsed; without any, there is nothing to do.
    if (/language\s+plpgsql|do\s+\$/i.test(text)) parsePlPgSQLSync(text);
  } catch (error) {
    problems.push(`${file}: ${error.sqlDetails ? formatSqlError(error, text) : error.message}`);
  }
}

const scripts = files.filter((name) => !name.endsWith('.sql'));
for (const file of scripts) {
  const shell = readFileSync(join(root, file), 'utf8').startsWith('#!/usr/bin/env bash') ? 'bash' : 'sh';
  const { error, status, stdout } = spawnSync('shellcheck', ['-s', shell, file], { cwd: root, encoding: 'utf8' });
  if (error) throw new Error(`shellcheck does not run (${error.message}); Debian has it as the package shellcheck.`);
  if (status !== 0) problems.push(stdout.trim());
}

process.stdout.write(problems.map((problem) => `${problem}\n`).join(''));
process.exitCode = problems.length === 0 ? 0 : 1;
