import { catalogCommands } from '@cyborgbackup/contracts';
import { Command } from '@cyborgbackup/messaging';
import { Controller, Inject } from '@nestjs/common';
import { MessagePattern } from '@nestjs/microservices';
import type { z } from 'zod';
import type { ArchiveHandlers } from './archive-handlers.ts';

export const ARCHIVE_HANDLERS = Symbol('ArchiveHandlers');

const { addBatch, complete, forget } = catalogCommands;

@Controller()
export class ArchiveController {
  readonly #handlers: ArchiveHandlers;

  constructor(@Inject(ARCHIVE_HANDLERS) handlers: ArchiveHandlers) {
    this.#handlers = handlers;
  }

  @MessagePattern(addBatch.subject)
  addBatch(@Command(addBatch.input) input: z.output<typeof addBatch.input>): Promise<unknown> {
    return this.#handlers.addBatch(input);
  }

  @MessagePattern(complete.subject)
  complete(@Command(complete.input) input: z.output<typeof complete.input>): Promise<unknown> {
    return this.#handlers.complete(input);
  }

  @MessagePattern(forget.subject)
  forget(@Command(forget.input) input: z.output<typeof forget.input>): Promise<unknown> {
    return this.#handlers.forget(input);
  }
}
