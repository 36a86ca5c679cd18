import { scheduleCommands, type RpcInput, type Written } from '@cyborgbackup/contracts';
import { Command } from '@cyborgbackup/messaging';
import { Controller, Inject } from '@nestjs/common';
import { MessagePattern } from '@nestjs/microservices';
import type { ScheduleCommands } from './schedule-commands.ts';

export const SCHEDULE_COMMANDS = Symbol('ScheduleCommands');

const { register, change, remove } = scheduleCommands;

@Controller()
export class ScheduleController {
  readonly #commands: ScheduleCommands;

  constructor(@Inject(SCHEDULE_COMMANDS) commands: ScheduleCommands) {
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
