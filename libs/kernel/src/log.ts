import { pino, type Logger as PinoLogger } from 'pino';
import { currentContext } from './context.ts';

export type Logger = PinoLogger;

export const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** Names whose values never reach a log line, at the top, one and two levels down. */
const SECRET_KEYS = [
  'password',
  'passphrase',
  'repository_key',
  'previous_key',
  'repositoryKey',
  'privateKey',
  'token',
  'access',
  'refresh',
  'authorization',
  'cookie',
  'secret',
];

const redactPaths = SECRET_KEYS.flatMap((key) => [key, `*.${key}`, `*.*.${key}`]);

/**
 * A structured logger for one process; lines go to standard error, as JSON, with the request's correlation id. Which of its
 * services a line is about is said by a child's `service`.
 */
export const createLogger = (process: string, level: LogLevel): Logger =>
  pino(
    {
      level,
      base: { process },
      timestamp: pino.stdTimeFunctions.isoTime,
      redact: { paths: redactPaths, censor: '[redacted]' },
      formatters: { level: (label) => ({ level: label }) },
      mixin: () => {
        const context = currentContext();
        return context ? { correlationId: context.correlationId } : {};
      },
    },
    pino.destination({ dest: 2, sync: false }),
  );
