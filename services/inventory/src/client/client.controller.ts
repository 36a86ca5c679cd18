import { clientCommands, type RpcInput, type Written } from '@cyborgbackup/contracts';
import { Command } from '@cyborgbackup/messaging';
import { Controller, Inject } from '@nestjs/common';
import { MessagePattern } from '@nestjs/microservices';
import type { ClientCommands } from './client-commands.ts';

export const CLIENT_COMMANDS = Symbol('ClientCommands');

const {
  register,
  change,
  remove,
  recordPreparation: prepared,
  recordHypervisorPreparation: hypervisorPrepared,
} = clientCommands;

@Controller()
export class ClientController {
  readonly #commands: ClientCommands;

  constructor(@Inject(CLIENT_COMMANDS) commands: ClientCommands) {
    this.#commands = commands;
  }

  @MessagePattern(register.subject)
  register(@Command(register.input) command: RpcInput<typeof register>): Promise<Written> {
    return this.#commands.register(command);
  }

  @MessagePattern(change.subject)
  change(@Command(change.input) command: RpcInput<typeof change>): Promise<Written> {
    return this.#commands.change(command);
  }

  @MessagePattern(remove.subject)
  remove(@Command(remove.input) command: RpcInput<typeof remove>): Promise<Written> {
    return this.#commands.remove(command);
  }

  @MessagePattern(prepared.subject)
  prepared(@Command(prepared.input) command: RpcInput<typeof prepared>): Promise<Written> {
    return this.#commands.recordPreparation(command);
  }

  @MessagePattern(hypervisorPrepared.subject)
  hypervisorPrepared(
    @Command(hypervisorPrepared.input) command: RpcInput<typeof hypervisorPrepared>,
  ): Promise<Written> {
    return this.#commands.recordHypervisorPreparation(command);
  }
}
