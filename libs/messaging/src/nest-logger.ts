import type { Logger } from '@cyborgbackup/kernel';
import type { LoggerService } from '@nestjs/common';

/** Nest's own log lines in ours. What it says while starting interests only who debugs the start. */
export const createNestLogger = (logger: Logger): LoggerService => {
  const fields = (details: readonly unknown[]): { nest: string } => ({ nest: details.map(String).join(' ') });
  return {
    log: (message: unknown, ...details: unknown[]) => logger.debug(fields(details), String(message)),
    debug: (message: unknown, ...details: unknown[]) => logger.debug(fields(details), String(message)),
    verbose: (message: unknown, ...details: unknown[]) => logger.trace(fields(details), String(message)),
    warn: (message: unknown, ...details: unknown[]) => logger.warn(fields(details), String(message)),
    error: (message: unknown, ...details: unknown[]) => logger.error(fields(details), String(message)),
    fatal: (message: unknown, ...details: unknown[]) => logger.fatal(fields(details), String(message)),
  };
};
