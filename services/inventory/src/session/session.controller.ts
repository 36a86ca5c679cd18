import { sessionCommands, type RpcInput, type RpcOutput } from '@cyborgbackup/contracts';
import { Command } from '@cyborgbackup/messaging';
import { Controller, Inject } from '@nestjs/common';
import { MessagePattern } from '@nestjs/microservices';
import type { SessionCommands } from './session-commands.ts';

export const SESSION_COMMANDS = Symbol('SessionCommands');

const { open, refresh, revoke, revokeAll } = sessionCommands;

@Controller()
export class SessionController {
  readonly #commands: SessionCommands;

  constructor(@Inject(SESSION_COMMANDS) commands: SessionCommands) {
    this.#commands = commands;
  }

  @MessagePattern(open.subject)
  open(@Command(open.input) command: RpcInput<typeof open>): Promise<RpcOutput<typeof open>> {
    return this.#commands.open(command);
  }

  @MessagePattern(refresh.subject)
  refresh(@Command(refresh.input) command: RpcInput<typeof refresh>): Promise<RpcOutput<typeof refresh>> {
    return this.#commands.refresh(command);
  }

  @MessagePattern(revoke.subject)
  revoke(@Command(revoke.input) command: RpcInput<typeof revoke>): Promise<RpcOutput<typeof revoke>> {
    return this.#commands.revoke(command);
  }

  @MessagePattern(revokeAll.subject)
  revokeAll(@Command(revokeAll.input) command: RpcInput<typeof revokeAll>): Promise<RpcOutput<typeof revokeAll>> {
    return this.#commands.revokeAll(command);
  }
}
