import { repositoryCommands, type RpcInput, type RpcOutput, type Written } from '@cyborgbackup/contracts';
import { Command } from '@cyborgbackup/messaging';
import { Controller, Inject } from '@nestjs/common';
import { MessagePattern } from '@nestjs/microservices';
import type { RepositoryCommands } from './repository-commands.ts';

export const REPOSITORY_COMMANDS = Symbol('RepositoryCommands');

const {
  register,
  change,
  remove,
  recordPreparation: prepared,
  recordKeyRead: keyRead,
  generateSsh,
  describeAuthorizedKey: authorizedKeys,
  escrowKey,
  recordEscrowRead: escrowRead,
  resolve,
} = repositoryCommands;

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
    return this.#commands.recordPreparation(command);
  }

  @MessagePattern(keyRead.subject)
  keyRead(@Command(keyRead.input) command: RpcInput<typeof keyRead>): Promise<Written> {
    return this.#commands.recordKeyRead(command);
  }

  @MessagePattern(generateSsh.subject)
  generateSsh(@Command(generateSsh.input) command: RpcInput<typeof generateSsh>): Promise<Written> {
    return this.#commands.generateSsh(command);
  }

  @MessagePattern(authorizedKeys.subject)
  authorizedKeys(
    @Command(authorizedKeys.input) command: RpcInput<typeof authorizedKeys>,
  ): Promise<RpcOutput<typeof authorizedKeys>> {
    return this.#commands.describeAuthorizedKey(command);
  }

  @MessagePattern(escrowKey.subject)
  escrowKey(@Command(escrowKey.input) command: RpcInput<typeof escrowKey>): Promise<Written> {
    return this.#commands.escrowKey(command);
  }

  @MessagePattern(escrowRead.subject)
  escrowRead(@Command(escrowRead.input) command: RpcInput<typeof escrowRead>): Promise<Written> {
    return this.#commands.recordEscrowRead(command);
  }

  @MessagePattern(resolve.subject)
  resolve(@Command(resolve.input) command: RpcInput<typeof resolve>): Promise<RpcOutput<typeof resolve>> {
    return this.#commands.resolve(command);
  }
}
