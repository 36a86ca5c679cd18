import type { Logger } from '@cyborgbackup/kernel';
import type { LoggerService } from '@nestjs/common';

type Level = 'trace' | 'debug' | 'warn' | 'error' | 'fatal';

/**
 * Nest's own log lines in ours. What it says while starting interests only who debugs the start. Nest keeps one logger
 * for the whole process: with several services in it, the one that started last speaks for all.
 */
export const createNestLogger = (logger: Logger): LoggerService => {
  const write =
    (level: Level) =>
    (message: unknown, ...details: unknown[]): void => {
      const nest = details.filter((detail) => typeof detail === 'string').join(' ');
      if (message instanceof Error) logger[level]({ err: message, nest }, message.message);
      else logger[level]({ nest }, String(message));
    };
  return {
    verbose: write('trace'),
    debug: write('debug'),
    log: write('debug'),
    warn: write('warn'),
    error: write('error'),
    fatal: write('fatal'),
  };
};
