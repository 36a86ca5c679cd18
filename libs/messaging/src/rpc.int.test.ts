import { AppError, createLogger, currentContext, runInContext, type RequestContext } from '@cyborgbackup/kernel';
import { startTestNats, type TestNats } from '@cyborgbackup/testkit';
import { Controller, Inject, Module } from '@nestjs/common';
import { MessagePattern } from '@nestjs/microservices';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import {
  Command,
  createNatsConnection,
  createRpcClient,
  createRpcService,
  type RpcClient,
  type RpcService,
} from './index.ts';

const greet = z.object({ name: z.string().min(1, 'May not be blank.'), nested: z.object({ age: z.int() }).optional() });

class Greetings {
  hello(name: string): string {
    return `hello ${name}`;
  }
}

/** What a test lets a slow handler wait for. */
let release = Promise.withResolvers<void>();
let started = 0;

@Controller()
class GreetingController {
  readonly #greetings: Greetings;

  constructor(@Inject(Greetings) greetings: Greetings) {
    this.#greetings = greetings;
  }

  @MessagePattern('greetings.greet')
  greet(@Command(greet) command: z.output<typeof greet>): unknown {
    return { text: this.#greetings.hello(command.name), position: 2n ** 60n };
  }

  @MessagePattern('greetings.refuse')
  refuse(): Promise<never> {
    throw new AppError('conflict', 'It is in use.', { fields: { name: ['taken'] }, details: { users: [1, 2] } });
  }

  @MessagePattern('greetings.break')
  break(): Promise<never> {
    return Promise.reject(new TypeError('secret internals'));
  }

  @MessagePattern('greetings.context')
  async context(): Promise<RequestContext | undefined> {
    await sleep(1);
    return currentContext();
  }

  @MessagePattern('greetings.slow')
  async slow(): Promise<string> {
    started += 1;
    await release.promise;
    return 'done';
  }

  @MessagePattern('greetings.huge')
  huge(): string {
    return 'x'.repeat(2_000_000);
  }

  @MessagePattern('greetings.nothing')
  nothing(): void {}
}

@Module({ controllers: [GreetingController], providers: [Greetings] })
class GreetingModule {}

const logger = createLogger('test', 'silent');
const service = (natsUrl: string, concurrency = 64): Promise<RpcService> =>
  createRpcService({ natsUrl, module: GreetingModule, queue: 'greetings', logger, concurrency, drainMillis: 2_000 });
const client = (natsUrl: string): Promise<RpcClient> => createRpcClient({ natsUrl, name: 'tester', logger });
const failure = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => undefined,
    (error: unknown) => error,
  );

describe('calls between services', () => {
  let nats: TestNats;
  let greetings: RpcService;
  let caller: RpcClient;

  beforeAll(async () => {
    nats = await startTestNats();
    greetings = await service(nats.url, 4);
    caller = await client(nats.url);
  });
  afterAll(async () => {
    await caller.close();
    await greetings.stop();
    await nats[Symbol.asyncDispose]();
  });

  it('answers, with bigints as decimal strings', async () => {
    const schema = z.object({ text: z.string(), position: z.coerce.bigint() });
    const answer = await caller.call('greetings.greet', { name: 'borg' }, { schema });
    expect(answer).toEqual({ text: 'hello borg', position: 2n ** 60n });
  });
});
