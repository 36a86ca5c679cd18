import { Module, type DynamicModule } from '@nestjs/common';
import { API_TOKEN_COMMANDS, ApiTokenController } from './api-token/api-token.controller.ts';
import { createApiTokenCommands } from './api-token/api-token-commands.ts';
import { CLIENT_COMMANDS, ClientController } from './client/client.controller.ts';
import { createClientCommands } from './client/client-commands.ts';
import { HOST_KEY_COMMANDS, HostKeyController } from './host-key/host-key.controller.ts';
import { createHostKeyCommands } from './host-key/host-key-commands.ts';
import { POLICY_COMMANDS, PolicyController } from './policy/policy.controller.ts';
import { createPolicyCommands } from './policy/policy-commands.ts';
import { REPOSITORY_COMMANDS, RepositoryController } from './repository/repository.controller.ts';
import { createRepositoryCommands } from './repository/repository-commands.ts';
import { SCHEDULE_COMMANDS, ScheduleController } from './schedule/schedule.controller.ts';
import { createScheduleCommands } from './schedule/schedule-commands.ts';
import { SESSION_COMMANDS, SessionController } from './session/session.controller.ts';
import { createSessionCommands } from './session/session-commands.ts';
import { SETTINGS_COMMANDS, SettingsController } from './settings/settings.controller.ts';
import { createSettingsCommands } from './settings/settings-commands.ts';
import type { InventoryDeps } from './shared/inventory-deps.ts';
import { USER_COMMANDS, UserController } from './user/user.controller.ts';
import { createUserCommands } from './user/user-commands.ts';

@Module({})
export class InventoryModule {}

/** The controllers of all the inventory's subjects. */
export const inventoryModule = (deps: InventoryDeps): DynamicModule => ({
  module: InventoryModule,
  controllers: [
    UserController,
    ClientController,
    RepositoryController,
    ScheduleController,
    PolicyController,
    SettingsController,
    HostKeyController,
    SessionController,
    ApiTokenController,
  ],
  providers: [
    { provide: USER_COMMANDS, useValue: createUserCommands(deps) },
    { provide: CLIENT_COMMANDS, useValue: createClientCommands(deps) },
    { provide: REPOSITORY_COMMANDS, useValue: createRepositoryCommands(deps) },
    { provide: SCHEDULE_COMMANDS, useValue: createScheduleCommands(deps) },
    { provide: POLICY_COMMANDS, useValue: createPolicyCommands(deps) },
    { provide: SETTINGS_COMMANDS, useValue: createSettingsCommands(deps) },
    { provide: HOST_KEY_COMMANDS, useValue: createHostKeyCommands(deps) },
    { provide: SESSION_COMMANDS, useValue: createSessionCommands(deps) },
    { provide: API_TOKEN_COMMANDS, useValue: createApiTokenCommands(deps) },
  ],
});
