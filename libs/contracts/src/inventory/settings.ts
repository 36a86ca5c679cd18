import { defineEvent, type EventOf } from '@cyborgbackup/kernel';
import { z } from 'zod';
import { requiredText, sealedText } from '../wire/scalars.ts';

/** One stream for all settings: they are few and change rarely. */
export const SETTINGS_STREAM = 'settings';
const SETTINGS_SUBJECT = 'settings';

export const settingChanged = defineEvent({
  type: 'setting-changed',
  schema: z.object({ key: requiredText(255), value: z.string().max(65_536) }),
});

export const secretSettingChanged = defineEvent({
  type: 'secret-setting-changed',
  schema: z.object({ key: requiredText(255), value: sealedText }),
  sealed: { subject: () => SETTINGS_SUBJECT, fields: ['value'] },
});

export const SSH_KEY_TYPES = ['ed25519', 'ecdsa', 'rsa'] as const;

/** The key pair by which the control plane logs in to clients and repository hosts. */
export const sshKeyGenerated = defineEvent({
  type: 'ssh-key-generated',
  schema: z.object({
    key_type: z.enum(SSH_KEY_TYPES),
    /** One line, as in `authorized_keys`. */
    public_key: z.string(),
    /** OpenSSH PEM. */
    private_key: sealedText,
  }),
  sealed: { subject: () => SETTINGS_SUBJECT, fields: ['private_key'] },
});

export const settingsEvents = [settingChanged, secretSettingChanged, sshKeyGenerated] as const;
export type SettingsEvent = EventOf<(typeof settingsEvents)[number]>;
