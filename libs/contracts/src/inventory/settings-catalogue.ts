import { SETTINGS_DESCRIPTIONS } from './settings-descriptions.ts';

/** What sort of value a setting has. The words are the API's; `password` and `privatekey` are secrets by themselves. */
export const SETTING_TYPES = ['boolean', 'integer', 'string', 'password', 'privatekey'] as const;
export type SettingType = (typeof SETTING_TYPES)[number];

/** One setting as the program knows it. The log only holds what was changed. */
export interface SettingDefinition {
  readonly id: number;
  readonly key: string;
  readonly setting_type: SettingType;
  /** As text; booleans are `True` and `False`. */
  readonly default_value: string;
  readonly group_name: string;
  readonly sort_order: number;
  /** Stored encrypted and shown as `SECRET_MASK`. Some secrets have the type `string`, which API clients know. */
  readonly is_secret: boolean;
  /** What it does, as sentences for people. */
  readonly description: string;
}

const PREFIX = 'cyborgbackup_';

type Line = readonly [id: number, name: string, type: SettingType, standard: string];

const group = (group_name: string, lines: readonly Line[]): readonly SettingDefinition[] =>
  lines.map(([id, name, setting_type, default_value], index) => ({
    id,
    key: `${PREFIX}${name}`,
    setting_type,
    default_value,
    group_name,
    sort_order: index + 1,
    description: SETTINGS_DESCRIPTIONS[name] ?? '',
    is_secret: setting_type === 'password' || setting_type === 'privatekey' || name.endsWith('_password'),
  }));

/** All settings there are, by group and order. Ids, keys, types and defaults are those that API clients know. */
export const SETTINGS_CATALOGUE: readonly SettingDefinition[] = [
  ...group('1 - General', [
    [2, 'web_enabled', 'boolean', 'True'],
    [3, 'catalog_enabled', 'boolean', 'True'],
    [11, 'auto_restore_test', 'boolean', ''],
    [5, 'url', 'string', 'http://127.0.0.1:8000'],
  ]),
  ...group('2 - Backup', [
    [4, 'auto_prune', 'boolean', 'True'],
    [6, 'job_cleaning', 'integer', '90'],
    [9, 'backup_user', 'string', 'root'],
    [21, 'integrity_check', 'boolean', 'False'],
    [22, 'ic_cron', 'string', '00 20 * * *'],
    [23, 'install_borg', 'boolean', 'False'],
  ]),
  ...group('3 - Mail', [
    [1, 'mail_system', 'boolean', 'True'],
    [8, 'mail_from', 'string', 'cyborg@cyborg.local'],
    [12, 'mail_server', 'string', 'localhost'],
    [13, 'mail_username', 'string', ''],
    [14, 'mail_password', 'string', ''],
    [15, 'mail_port', 'integer', '22'],
    [16, 'mail_tls', 'boolean', 'False'],
  ]),
  ...group('4 - SSH', [
    [7, 'ssh_password', 'password', ''],
    [10, 'ssh_key', 'privatekey', ''],
  ]),
  ...group('5 - Metrics', [
    [17, 'metrics_enabled', 'boolean', 'False'],
    [18, 'metrics_auth', 'boolean', 'True'],
    [19, 'metrics_auth_username', 'string', 'cyborg'],
    [20, 'metrics_auth_password', 'string', 'backup'],
  ]),
];

/** The setting that holds the control plane's private SSH key. */
export const SSH_KEY_SETTING = `${PREFIX}ssh_key`;

const byKey = new Map(SETTINGS_CATALOGUE.map((definition) => [definition.key, definition]));

export const findSetting = (key: string): SettingDefinition | undefined => byKey.get(key);

/** A row of the table `inventory.settings`: there is one only for a setting that was changed. */
export interface StoredSetting {
  readonly id: number;
  readonly key: string;
  /** Null for a secret. */
  readonly value: string | null;
  /** The encrypted value; null for what is no secret. */
  readonly secret: unknown;
  readonly setting_type: string;
  readonly group_name: string;
  readonly sort_order: number;
  readonly created: string;
  readonly modified: string;
}

/** A setting as it is in force: `value` is null for a secret, and `secret` null for one that nobody has set. */
export interface EffectiveSetting extends Omit<StoredSetting, 'created' | 'modified'> {
  readonly is_secret: boolean;
  readonly description: string;
  readonly default_value: string;
  /** Null while the default is in force. */
  readonly created: string | null;
  readonly modified: string | null;
}

/** All settings, the stored ones over their defaults, in the catalogue's order. */
export const mergeSettings = (stored: readonly StoredSetting[]): readonly EffectiveSetting[] => {
  const rows = new Map(stored.map((row) => [row.key, row]));
  return SETTINGS_CATALOGUE.map((definition) => {
    const row = rows.get(definition.key);
    if (row) return { ...definition, ...row };
    const value = definition.is_secret ? null : definition.default_value;
    return { ...definition, value, secret: null, created: null, modified: null };
  });
};

/** Whether a boolean setting's value means yes. */
export const isSettingOn = (value: string | null): boolean => value === 'True';
