import { catalogCommands, type RpcInput } from '@cyborgbackup/contracts';
import { Command } from '@cyborgbackup/messaging';
import { Controller, Inject } from '@nestjs/common';
import { MessagePattern } from '@nestjs/microservices';
import type { ArchiveHandlers } from './archive-handlers.ts';

export const ARCHIVE_HANDLERS = Symbol('ArchiveHandlers');

const { removeArchive: forget, recordFindings: findings } = catalogCommands;

@Controller()
export class ArchiveController {
  readonly #handlers: ArchiveHandlers;

  constructor(@Inject(ARCHIVE_HANDLERS) handlers: ArchiveHandlers) {
    this.#handlers = handlers;
  }

  @MessagePattern(forget.subject)
  forget(@Command(forget.input) input: RpcInput<typeof forget>): Promise<unknown> {
    return this.#handlers.removeArchive(input);
  }

  @MessagePattern(findings.subject)
  findings(@Command(findings.input) input: RpcInput<typeof findings>): Promise<unknown> {
    return this.#handlers.recordFindings(input);
  }
}
