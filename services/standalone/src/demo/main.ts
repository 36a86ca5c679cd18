import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { messageOf } from '@cyborgbackup/kernel';
import { DEMO_HELP, readDemoOptions } from './demo-options.ts';
import { runDemo } from './run-demo.ts';
import { createTerminal } from './terminal.ts';

const here = fileURLToPath(new URL('.', import.meta.url));
const project = join(here, '..', '..', '..', '..');
const terminal = createTerminal(process.stdout);

const keepRunning = async (text: string, ended: Promise<unknown>): Promise<void> => {
  terminal.fact(text);
  terminal.fact('Ctrl-C ends it and removes everything.');
  // The terminal sends Ctrl-C to the product as well, so its end may come first.
  const isLost = await Promise.race([once(process, 'SIGINT').then(() => false), ended.then(() => delay(1_000, true))]);
  if (isLost) throw new Error('The product has ended by itself; its log says why.');
};

const main = async (): Promise<void> => {
  const options = await readDemoOptions(process.argv.slice(2), project);
  if (!options) {
    process.stdout.write(DEMO_HELP);
    return;
  }
  const folder = await mkdtemp(join(tmpdir(), 'cyborgbackup-demo-'));
  try {
    const entry = join(here, '..', 'main.ts');
    const outcome = await runDemo({ options, folder, terminal, entry, keepRunning });
    process.stdout.write(`\n${JSON.stringify(outcome)}\n`);
    await rm(folder, { recursive: true, force: true });
  } catch (error) {
    terminal.endLive();
    process.stderr.write(`\n${messageOf(error)}\nWhat was left behind for a look: ${folder}\n`);
    process.exitCode = 1;
  }
};

await main();
