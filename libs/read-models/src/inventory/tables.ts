import { clients, hostKeys } from './clients.ts';
import { policies, schedules } from './policies.ts';
import { repositories } from './repositories.ts';
import { settings, sshKeys } from './settings.ts';
import { apiTokens, sessions, users } from './users.ts';

/** Everything people manage, as tables. */
export const inventory = {
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
