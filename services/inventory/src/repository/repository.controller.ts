import { repositoryCommands, type RpcInput, type Written } from '@cyborgbackup/contracts';
import { Command } from '@cyborgbackup/messaging';
import { Controller, Inject } from '@nestjs/common';
import { MessagePattern } from '@nestjs/microservices';
import type { RepositoryCommands } from './repository-commands.ts';

export const REPOSITORY_COMMANDS = Symbol('RepositoryCommands');

const { register, change, remove, prepared, keyRead } = repositoryCommands;

@Controller()
export class RepositoryController {
  readonly #commands: RepositoryCommands;

  constructor(@Inject(REPOSITORY_COMMANDS) commands: RepositoryCommands) {
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
    return this.#commands.prepared(command);
  }

  @MessagePattern(keyRead.subject)
  keyRead(@Command(keyRead.input) command: RpcInput<typeof keyRead>): Promise<Written> {
    return this.#commands.keyRead(command);
  }
}
