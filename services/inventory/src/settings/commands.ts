import {
  findSetting,
  type RpcHandlers,
  SECRET_MASK,
  SETTINGS_STREAM,
  type settingsCommands,
  SSH_KEY_SETTING,
} from '@cyborgbackup/contracts';
import { handleCommand, loadState } from '@cyborgbackup/event-store';
import { AppError } from '@cyborgbackup/kernel';
import type { InventoryDeps } from '../shared/inventory-deps.ts';
import { settingsDecider, type SettingsCommand } from './decider.ts';
import { generateSshKey, importSshKey } from './ssh-keys.ts';

/** Settings have ids and keys, and no uuid. */
const NO_UUID = '00000000-0000-0000-0000-000000000000';

const changeCommand = (key: string, value: string): SettingsCommand =>
  key === SSH_KEY_SETTING && !value.startsWith(SECRET_MASK)
    ? { type: 'replace-ssh-key', sshKey: importSshKey(value) }
    : { type: 'change', key, value };

export const createSettingsCommands = (deps: InventoryDeps): RpcHandlers<typeof settingsCommands> => {
  const handle = handleCommand(deps, settingsDecider);
  return {
    change: async ({ key, value }) => {
      const { version, position } = await handle(SETTINGS_STREAM, changeCommand(key, value));
      return { uuid: NO_UUID, id: findSetting(key)?.id ?? 0, version, position: position?.toString() ?? null };
    },

    generateSsh: async ({ key_type, bits, force }) => {
      const { state } = await loadState(deps, settingsDecider, SETTINGS_STREAM);
      if (state.sshKey && !force) {
        throw new AppError(
          'conflict',
          'There is an SSH key already: clients and repositories know it. Force a new one.',
        );
      }
      const sshKey = await generateSshKey(key_type, bits);
      const command = { type: force ? 'replace-ssh-key' : 'provide-ssh-key', sshKey } as const;
      const { state: after, position } = await handle(SETTINGS_STREAM, command);
      return { public_key: after.sshKey?.public_key ?? '', position: String(position ?? 0n) };
    },
  };
};
