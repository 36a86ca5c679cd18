import type { Logger } from '@cyborgbackup/kernel';
import type { INestMicroservice, LoggerService, RpcExceptionFilter, Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { CustomStrategy } from '@nestjs/microservices';
import { throwError } from 'rxjs';
import { createNatsConnection } from '../connection/nats-connection.ts';
import type { CallTrust } from '../identity/call-trust.ts';
import { createRequestGate } from './request-gate.ts';
import { RpcServer } from './rpc-server.ts';

export interface RpcServiceOptions {
  readonly natsUrl: string;
  /** Each made by `rpcController`. */
  readonly controllers: readonly Type[];
  /** Queue group, and the service's name: of all processes with the same name one gets a request. */
  readonly queue: string;
  readonly logger: Logger;
  /** See `ConnectionSettings`. */
  readonly trust?: CallTrust;
  /** How long stopping waits for handlers in flight; nothing is waited for when there are none. */
  readonly drainMillis?: number;
  /** Handlers running at once in this process. */
  readonly concurrency?: number;
}

export interface RpcService {
  /** False while NATS is away. */
  isReady(): boolean;
  /** Takes no further request, waits for those in flight, closes. */
  stop(): Promise<void>;
}

/** Requests that wait for each one that can run: at 64 running and 5 ms each, the last in line waits 80 ms. */
const WAITING_PER_RUNNING = 16;

/** Our server maps errors to the wire itself; Nest's default filter would have replaced them all by one sentence. */
const passErrors: RpcExceptionFilter = { catch: (error: unknown) => throwError((): unknown => error) };

/** Nest wants a module to hold the controllers; what is in it is given at the start. */
class RpcModule {}

/**
 * Starts a Nest microservice on NATS.
 * @throws AppError `unavailable` when NATS does not answer
 */
export const createRpcService = async (options: RpcServiceOptions): Promise<RpcService> => {
  const { natsUrl, controllers, queue, logger, trust, drainMillis = 10_000, concurrency = 64 } = options;
  const connection = await createNatsConnection({ natsUrl, name: queue, logger, ...(trust ? { trust } : {}) });
  const gate = createRequestGate({ running: concurrency, waiting: concurrency * WAITING_PER_RUNNING });
  const strategy = new RpcServer({ connection, queue, gate, drainMillis });
  try {
    const app = await startNest(controllers, strategy, logger);
    return { isReady: connection.isConnected, stop: () => app.close() };
  } catch (error) {
    await connection.close();
    throw error;
  }
};

const startNest = async (
  controllers: readonly Type[],
  strategy: RpcServer,
  logger: Logger,
): Promise<INestMicroservice> => {
  const app = await NestFactory.createMicroservice<CustomStrategy>(
    { module: RpcModule, controllers: [...controllers] },
    {
      strategy,
      logger: createNestLogger(logger),
      // Otherwise Nest ends the process when it fails.
      abortOnError: false,
    },
  );
  app.useGlobalFilters(passErrors);
  try {
    await app.listen();
  } catch (error) {
    await app.close();
    throw error;
  }
  return app;
};

type Level = 'trace' | 'debug' | 'warn' | 'error' | 'fatal';

/**
 * Nest's own log lines in ours. What it says while starting interests only who debugs the start. Nest keeps one logger
 * for the whole process: with several services in it, the one that started last speaks for all.
 */
const createNestLogger = (logger: Logger): LoggerService => {
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
