import { settingsCommands, type RpcInput, type RpcOutput, type Written } from '@cyborgbackup/contracts';
import { Command } from '@cyborgbackup/messaging';
import { Controller, Inject } from '@nestjs/common';
import { MessagePattern } from '@nestjs/microservices';
import type { SettingsCommands } from './settings-commands.ts';

export const SETTINGS_COMMANDS = Symbol('SettingsCommands');

const { change, generateSsh } = settingsCommands;

@Controller()
export class SettingsController {
  readonly #commands: SettingsCommands;

  constructor(@Inject(SETTINGS_COMMANDS) commands: SettingsCommands) {
    this.#commands = commands;
  }

  @MessagePattern(change.subject)
  change(@Command(change.input) command: RpcInput<typeof change>): Promise<Written> {
    return this.#commands.change(command);
  }

  @MessagePattern(generateSsh.subject)
  generateSsh(
    @Command(generateSsh.input) command: RpcInput<typeof generateSsh>,
  ): Promise<RpcOutput<typeof generateSsh>> {
    return this.#commands.generateSsh(command);
  }
}
