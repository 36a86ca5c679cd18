import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { AppError, type Logger } from '@cyborgbackup/kernel';
import { openServiceLog, runTask, serviceConfig } from '@cyborgbackup/service';
import type { z } from 'zod';
import { startDatabase } from '../embedded-servers.ts';
import { standaloneConfig } from '../standalone-config.ts';
import type { Found } from './found.ts';
import { compare, findProjection, parked, rebuild, type ReadModelTool } from './read-models.ts';
import { verify } from './verify.ts';

const READ_MODEL_TOOLS: Readonly<Record<string, (tool: ReadModelTool) => Promise<Found>>> = {
  rebuild,
  compare,
  parked,
};

const HELP = `What an operator runs by hand: npm run tools -- NAME [READ_MODEL] [--json]

  verify                recomputes the hashes of the whole event log
  compare READ_MODEL    replays the log beside the tables, and tells which rows differ
  rebuild READ_MODEL    makes the tables anew from the log; they can be read meanwhile
  parked READ_MODEL     lists the events that could not be folded; a rebuild tries them again

READ_MODEL is inventory, scheduler, executor or catalog. All may run while the services do, with DATABASE_URL; without it they
work on the data folder of a product that is stopped, CYBORGBACKUP_DATA_DIR. Each ends with 1 when something is not as it should be.`;

const config = {
  DATABASE_URL: standaloneConfig.DATABASE_URL,
  CYBORGBACKUP_DATABASE_ADMIN_URL: serviceConfig.CYBORGBACKUP_DATABASE_ADMIN_URL,
  CYBORGBACKUP_MASTER_KEY: serviceConfig.CYBORGBACKUP_MASTER_KEY,
  CYBORGBACKUP_DATA_DIR: serviceConfig.CYBORGBACKUP_DATA_DIR,
  CYBORGBACKUP_LOG_LEVEL: serviceConfig.CYBORGBACKUP_LOG_LEVEL,
};

const words = process.argv.slice(2).filter((word) => !word.startsWith('--'));
const isJson = process.argv.includes('--json');
const [tool = '', readModel = ''] = words;

/** @throws AppError `validation` that says what there is */
const refuseUnknown = (): void => {
  const option = process.argv.slice(2).find((word) => word.startsWith('--') && word !== '--json');
  if (option !== undefined) throw new AppError('validation', `There is no option ${option}: see --help.`);
  if (tool === 'verify' && words.length === 1) return;
  if (!Object.hasOwn(READ_MODEL_TOOLS, tool) || words.length !== 2)
    throw new AppError('validation', `"${words.join(' ')}" is no tool, or lacks its read model: see --help.`);
  findProjection(readModel);
};

/** A tool that made a data folder would find all in order there. @throws AppError `not-found` */
const refuseEmpty = ({ DATABASE_URL, CYBORGBACKUP_DATA_DIR: folder }: z.output<z.ZodObject<typeof config>>): void => {
  if (DATABASE_URL !== undefined || existsSync(join(folder, 'postgres'))) return;
  throw new AppError(
    'not-found',
    `There is no product in ${resolve(folder)}: give its CYBORGBACKUP_DATA_DIR, or the DATABASE_URL of one that runs.`,
  );
};

const runTool = async (databaseUrl: string, environment: object, logger: Logger): Promise<Found> => {
  // The inventory may read all of the log; what a read model's tool changes is its owner's.
  const log = await openServiceLog(readModel || 'inventory', { ...environment, DATABASE_URL: databaseUrl }, logger);
  try {
    const run = READ_MODEL_TOOLS[tool];
    if (!run) return await verify(log);
    return await run({ log, projection: findProjection(readModel), logger, signal: new AbortController().signal });
  } finally {
    await log.close();
  }
};

await runTask({
  name: 'tools',
  purpose: HELP,
  config,
  run: async (environment, logger) => {
    refuseUnknown();
    refuseEmpty(environment);
    const database = await startDatabase(environment, logger);
    try {
      const { isGood, text, facts } = await runTool(database.databaseUrl, environment, logger);
      process.stdout.write(`${isJson ? JSON.stringify({ good: isGood, ...facts }) : text}\n`);
      process.exitCode = isGood ? 0 : 1;
    } finally {
      await database.stop();
    }
  },
});
