import { hostKeyCommands, type RpcInput, type RpcOutput } from '@cyborgbackup/contracts';
import { Command } from '@cyborgbackup/messaging';
import { Controller, Inject } from '@nestjs/common';
import { MessagePattern } from '@nestjs/microservices';
import type { HostKeyCommands } from './host-key-commands.ts';

export const HOST_KEY_COMMANDS = Symbol('HostKeyCommands');

const { forget } = hostKeyCommands;

@Controller()
export class HostKeyController {
  readonly #commands: HostKeyCommands;

  constructor(@Inject(HOST_KEY_COMMANDS) commands: HostKeyCommands) {
    this.#commands = commands;
  }

  @MessagePattern(forget.subject)
  forget(@Command(forget.input) command: RpcInput<typeof forget>): Promise<RpcOutput<typeof forget>> {
    return this.#commands.forget(command);
  }
}
