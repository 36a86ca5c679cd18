import { defineProjection, type Projection, type ReadModel } from '@cyborgbackup/projections';
import type { inventory } from '@cyborgbackup/read-models';
import { apiTokens } from './api-token/table.ts';
import { clients } from './client/table.ts';
import { hostKeys } from './host-key/table.ts';
import { policies } from './policy/table.ts';
import { repositories } from './repository/table.ts';
import { schedules } from './schedule/table.ts';
import { sessions } from './session/table.ts';
import { settings, sshKeys } from './settings/table.ts';
import { INVENTORY_PROJECTION } from './shared/inventory-deps.ts';
import { users } from './user/table.ts';

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
  name: INVENTORY_PROJECTION,
  version: 6,
  models: Object.values(models),
});
