import { defineProjection, type Projection, type ReadModel } from '@cyborgbackup/projections';
import type { inventory } from '@cyborgbackup/read-models';
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

const models: Record<keyof typeof inventory, ReadModel> = {
  users,
  clients,
  repositories,
  schedules,
  policies,
  settings,
  sshKeys,
  hostKeys,
  sessions,
  apiTokens,
};

/** Everything people manage, as tables. */
export const inventoryProjection: Projection = defineProjection({
  name: 'inventory',
  version: 3,
  models: Object.values(models),
});
