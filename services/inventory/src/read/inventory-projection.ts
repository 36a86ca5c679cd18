import { defineProjection, type Projection } from '@cyborgbackup/projections';
import { apiTokens } from './api-tokens/api-tokens.ts';
import { clients } from './clients/clients.ts';
import { hostKeys } from './host-keys/host-keys.ts';
import { policies } from './policies/policies.ts';
import { repositories } from './repositories/repositories.ts';
import { schedules } from './schedules/schedules.ts';
import { sessions } from './sessions/sessions.ts';
import { settings } from './settings/settings.ts';
import { sshKeys } from './ssh-keys/ssh-keys.ts';
import { users } from './users/users.ts';

/** Everything people manage, as tables. */
export const inventoryProjection: Projection = defineProjection({
  name: 'inventory',
  version: 3,
  models: [users, clients, repositories, schedules, policies, settings, sshKeys, hostKeys, sessions, apiTokens],
});
