import { findSetting, SECRET_MASK, type SettingsEvent } from '@cyborgbackup/contracts';
import { AppError, type Decider, type Sealed } from '@cyborgbackup/kernel';
import { settingValue } from './setting-value.ts';

export interface SshKey {
  readonly key_type: 'ed25519' | 'ecdsa' | 'rsa';
  readonly public_key: string;
  readonly private_key: Sealed;
}

export interface Settings {
  /** What was changed, by key. A secret is sealed once it is in the log. */
  readonly values: ReadonlyMap<string, Sealed>;
  /** The control plane's key pair. */
  readonly sshKey: SshKey | undefined;
}

export type SettingsCommand =
  | { readonly type: 'change'; readonly key: string; readonly value: string }
  /** Replaces the key pair. */
  | { readonly type: 'replace-ssh-key'; readonly sshKey: SshKey }
  /** Sets the key pair unless there is one: another process was faster. */
  | { readonly type: 'provide-ssh-key'; readonly sshKey: SshKey };

/** Secrets are answered as the mask, or as a text that begins with it; sent back, it leaves the secret as it is. */
const isMask = (value: string): boolean => value.startsWith(SECRET_MASK);

const change = (settings: Settings, { key, value: sent }: SettingsCommand & { type: 'change' }): SettingsEvent[] => {
  const definition = findSetting(key);
  if (!definition) throw new AppError('not-found', `There is no setting ${key.slice(0, 100)}.`);
  if (definition.is_secret && isMask(sent)) return [];
  const value = settingValue(definition, sent);
  if (value === (settings.values.get(key) ?? definition.default_value)) return [];
  return [{ type: definition.is_secret ? 'secret-setting-changed' : 'setting-changed', data: { key, value } }];
};

export const settingsDecider: Decider<Settings, SettingsCommand, SettingsEvent> = {
  initialState: { values: new Map(), sshKey: undefined },

  decide: (command, settings) => {
    switch (command.type) {
      case 'change':
        return change(settings, command);
      case 'replace-ssh-key':
        return [{ type: 'ssh-key-generated', data: command.sshKey }];
      case 'provide-ssh-key':
        return settings.sshKey ? [] : [{ type: 'ssh-key-generated', data: command.sshKey }];
    }
  },

  evolve: (settings, event) =>
    event.type === 'ssh-key-generated'
      ? { ...settings, sshKey: event.data }
      : { ...settings, values: new Map(settings.values).set(event.data.key, event.data.value) },
};
