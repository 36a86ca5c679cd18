import { apiTokenCommands, type RpcInput, type RpcOutput, type Written } from '@cyborgbackup/contracts';
import { Command } from '@cyborgbackup/messaging';
import { Controller, Inject } from '@nestjs/common';
import { MessagePattern } from '@nestjs/microservices';
import type { ApiTokenCommands } from './api-token-commands.ts';

export const API_TOKEN_COMMANDS = Symbol('ApiTokenCommands');

const { create, recordUse: used, revoke } = apiTokenCommands;

@Controller()
export class ApiTokenController {
  readonly #commands: ApiTokenCommands;

  constructor(@Inject(API_TOKEN_COMMANDS) commands: ApiTokenCommands) {
    this.#commands = commands;
  }

  @MessagePattern(create.subject)
  create(@Command(create.input) command: RpcInput<typeof create>): Promise<Written> {
    return this.#commands.create(command);
  }

  @MessagePattern(used.subject)
  used(@Command(used.input) command: RpcInput<typeof used>): Promise<RpcOutput<typeof used>> {
    return this.#commands.recordUse(command);
  }

  @MessagePattern(revoke.subject)
  revoke(@Command(revoke.input) command: RpcInput<typeof revoke>): Promise<Written> {
    return this.#commands.revoke(command);
  }
}
