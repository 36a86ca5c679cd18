import { policyCommands, type RpcInput, type RpcOutput, type Written } from '@cyborgbackup/contracts';
import { Command } from '@cyborgbackup/messaging';
import { Controller, Inject } from '@nestjs/common';
import { MessagePattern } from '@nestjs/microservices';
import type { PolicyCommands } from './policy-commands.ts';

export const POLICY_COMMANDS = Symbol('PolicyCommands');

const { register, change, remove, resolve } = policyCommands;

@Controller()
export class PolicyController {
  readonly #commands: PolicyCommands;

  constructor(@Inject(POLICY_COMMANDS) commands: PolicyCommands) {
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

  @MessagePattern(resolve.subject)
  resolve(@Command(resolve.input) command: RpcInput<typeof resolve>): Promise<RpcOutput<typeof resolve>> {
    return this.#commands.resolve(command);
  }
}
