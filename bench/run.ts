/**
 * Runs one bench: `npm run bench -- NAME`. Prints one line of JSON on standard output, and on standard error what is worse
 * than bench/budget.json; exits 1 then, 2 when there is no such bench. A bench is a file here that exports
 * `run(): Promise<Record<string, number>>`; names of figures end in their unit, such as `p99Millis`.
 */
import { readdir } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { breaches, limitsOf, type Figures } from './budget.ts';

const HELPERS = ['run', 'budget', 'bench-database', 'common-job', 'load'];

const benchNames = async (): Promise<string[]> =>
  (await readdir(import.meta.dirname))
    .filter((file) => /^[a-z0-9-]+\.ts$/.test(file))
    .map((file) => file.slice(0, -'.ts'.length))
    .filter((name) => !HELPERS.includes(name))
    .sort();

const isBench = (module: unknown): module is { run: () => Promise<Figures> } =>
  typeof module === 'object' && module !== null && 'run' in module && typeof module.run === 'function';

const runBench = async (name: string): Promise<string[]> => {
  const module: unknown = await import(`./${name}.ts`);
  if (!isBench(module)) throw new Error(`bench/${name}.ts does not export run()`);
  const figures = await module.run();
  const machine = { node: process.version, cpus: availableParallelism() };
  process.stdout.write(`${JSON.stringify({ bench: name, ...machine, ...figures })}\n`);
  return breaches(figures, limitsOf(name));
};

const [name] = process.argv.slice(2);
const names = await benchNames();
if (name === undefined || !names.includes(name)) {
  process.stderr.write(`Usage: npm run bench -- NAME\nBenches:\n${names.map((each) => `  ${each}\n`).join('')}`);
  process.exitCode = 2;
} else {
  const worse = await runBench(name);
  process.stderr.write(worse.map((sentence) => `${name}: ${sentence}\n`).join(''));
  if (worse.length > 0) process.exitCode = 1;
}
