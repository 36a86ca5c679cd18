import { catalogCommands, type RpcInput } from '@cyborgbackup/contracts';
import { Command } from '@cyborgbackup/messaging';
import { Controller, Inject } from '@nestjs/common';
import { MessagePattern } from '@nestjs/microservices';
import type { ListingHandlers } from './listing-handlers.ts';

export const LISTING_HANDLERS = Symbol('ListingHandlers');

const { begin, match, addEntries: add, removeEntries: end, markBroken, complete, abandon } = catalogCommands;

@Controller()
export class ListingController {
  readonly #handlers: ListingHandlers;

  constructor(@Inject(LISTING_HANDLERS) handlers: ListingHandlers) {
    this.#handlers = handlers;
  }

  @MessagePattern(begin.subject)
  begin(@Command(begin.input) input: RpcInput<typeof begin>): Promise<unknown> {
    return this.#handlers.begin(input);
  }

  @MessagePattern(match.subject)
  match(@Command(match.input) input: RpcInput<typeof match>): Promise<unknown> {
    return this.#handlers.match(input);
  }

  @MessagePattern(add.subject)
  add(@Command(add.input) input: RpcInput<typeof add>): Promise<unknown> {
    return this.#handlers.addEntries(input);
  }

  @MessagePattern(end.subject)
  end(@Command(end.input) input: RpcInput<typeof end>): Promise<unknown> {
    return this.#handlers.removeEntries(input);
  }

  @MessagePattern(markBroken.subject)
  markBroken(@Command(markBroken.input) input: RpcInput<typeof markBroken>): Promise<unknown> {
    return this.#handlers.markBroken(input);
  }

  @MessagePattern(complete.subject)
  complete(@Command(complete.input) input: RpcInput<typeof complete>): Promise<unknown> {
    return this.#handlers.complete(input);
  }

  @MessagePattern(abandon.subject)
  abandon(@Command(abandon.input) input: RpcInput<typeof abandon>): Promise<unknown> {
    return this.#handlers.abandon(input);
  }
}
