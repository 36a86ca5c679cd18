import {
  ConfigError,
  createLogger,
  describeConfig,
  isAppError,
  loadConfig,
  type ConfigShape,
  type Logger,
  type LogLevel,
} from '@cyborgbackup/kernel';
import type { z } from 'zod';

export interface ProcessDefinition<Shape extends ConfigShape> {
  readonly name: string;
  /** What `--help` says it is. */
  readonly purpose: string;
  readonly config: Shape;
  /** Everything that runs once this has resolved is ended by `stop`. */
  readonly start: (
    config: z.output<z.ZodObject<Shape>>,
    logger: Logger,
  ) => Promise<{ readonly stop: () => Promise<void> }>;
}

/** A stop that takes longer is no stop: the process ends with status 1 so that its supervisor sees it. */
const STOP_MILLIS = 90_000;

const EX_CONFIG = 78;

/** Resolves with the first request to stop. A second one ends the process at once. */
const stopRequested = (): Promise<NodeJS.Signals> =>
  new Promise((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) {
      process.once(signal, () => {
        process.once(signal, () => process.exit(130));
        resolve(signal);
      });
    }
  });

const levelOf = (config: object): LogLevel =>
  'CYBORGBACKUP_LOG_LEVEL' in config ? (config.CYBORGBACKUP_LOG_LEVEL as LogLevel) : 'info';

/** Errors that people can mend are one sentence; defects are a stack. */
const report = (error: unknown): never => {
  const known = error instanceof ConfigError || (isAppError(error) && error instanceof Error);
  const stack = error instanceof Error ? (error.stack ?? error.message) : String(error);
  process.stderr.write(`${known ? error.message : stack}\n`);
  return process.exit(error instanceof ConfigError ? EX_CONFIG : 1);
};

const printedHelp = ({ purpose, config }: Pick<ProcessDefinition<ConfigShape>, 'purpose' | 'config'>): boolean => {
  if (!process.argv.includes('--help')) return false;
  process.stdout.write(`${purpose}\n\nEnvironment:\n${describeConfig(config)}\n`);
  return true;
};

/** A process that does one thing and ends, with 0 when it is done. Otherwise as `runProcess`. */
export const runTask = async <Shape extends ConfigShape>(
  task: Omit<ProcessDefinition<Shape>, 'start'> & {
    readonly run: (config: z.output<z.ZodObject<Shape>>, logger: Logger) => Promise<void>;
  },
): Promise<void> => {
  if (printedHelp(task)) return;
  try {
    const config = loadConfig(task.config);
    await task.run(config, createLogger(task.name, levelOf(config)));
  } catch (error) {
    report(error);
  }
};

/**
 * The life of a process: read the environment, start, wait for SIGTERM or SIGINT, drain, exit 0. It exits with 78
 * (EX_CONFIG) when the environment is wrong and with 1 when it cannot start.
 */
export const runProcess = async <Shape extends ConfigShape>(definition: ProcessDefinition<Shape>): Promise<void> => {
  if (printedHelp(definition)) return;
  try {
    const stopped = stopRequested();
    const config = loadConfig(definition.config);
    const logger = createLogger(definition.name, levelOf(config));
    const running = await definition.start(config, logger);
    logger.info({ signal: await stopped }, 'stopping');
    setTimeout(() => process.exit(1), STOP_MILLIS).unref();
    await running.stop();
    logger.info('stopped');
    logger.flush();
    process.exit(0);
  } catch (error) {
    report(error);
  }
};
