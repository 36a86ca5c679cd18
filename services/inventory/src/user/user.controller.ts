import { userCommands, type RpcInput, type Written } from '@cyborgbackup/contracts';
import { Command } from '@cyborgbackup/messaging';
import { Controller, Inject } from '@nestjs/common';
import { MessagePattern } from '@nestjs/microservices';
import type { UserCommands } from './user-commands.ts';

export const USER_COMMANDS = Symbol('UserCommands');

const { register, change, remove } = userCommands;

@Controller()
export class UserController {
  readonly #commands: UserCommands;

  constructor(@Inject(USER_COMMANDS) commands: UserCommands) {
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
}
