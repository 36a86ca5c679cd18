/** What sort of value a setting has. The words are the API's; `password` and `privatekey` are secrets by themselves. */
export const SETTING_TYPES = ['boolean', 'integer', 'string', 'password', 'privatekey'] as const;
export type SettingType = (typeof SETTING_TYPES)[number];

/** A setting and its default. The log holds only settings that were changed. */
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
  /** What it does, for people. */
  readonly description: string;
}

const NO_MAIL = 'No effect: this version sends no mail.';

/** What each setting does. A setting that API clients know and that has no effect says so. */
const DESCRIPTIONS: Readonly<Record<string, string>> = {
  web_enabled: 'No effect: this version has no web console. Kept for clients of the API that know it.',
  catalog_enabled: 'Whether a backup is followed by a job that lists the files of its archive.',
  auto_restore_test: 'No effect: give policies a drill_schedule to have restores proven.',
  url: 'No effect: this version sends no links. Kept for clients of the API that know it.',
  auto_prune: 'Whether a backup is followed by a job that removes archives beyond what the policy keeps.',
  job_cleaning: 'No effect: jobs and their output are part of the event log, and stay.',
  backup_user: 'The account by which executors log in to clients.',
  integrity_check: 'Whether repositories without an integrity_schedule of their own are read and verified at ic_cron.',
  ic_cron: 'When that is, as a crontab in UTC.',
  install_borg:
    'Whether a preparation may install borg and what it needs from the distribution’s packages; otherwise it says what is missing.',
  max_clock_difference:
    'How many seconds the clock of a client may differ from the control plane’s for a backup; 0 for any. More than a minute is told in any case.',
  mail_system: NO_MAIL,
  mail_from: NO_MAIL,
  mail_server: NO_MAIL,
  mail_username: NO_MAIL,
  mail_password: NO_MAIL,
  mail_port: NO_MAIL,
  mail_tls: NO_MAIL,
  ssh_password: 'No effect: executors log in by key only.',
  ssh_key:
    'The private key by which executors log in to clients and to the shells of repository hosts. Send another one to replace it.',
  trust_first_contact:
    'Whether the SSH key of a host is pinned at the first contact. Otherwise an unknown host is refused until its key is pinned: see host_keys.',
  run_on_repository_host:
    'Whether borg runs on a repository’s host, where it may, instead of beside the executor: faster, but that host then learns the passphrases, can read and forge everything in its repositories, and in pull mode log in to a client while it is backed up. A restore to the host needs it too.',
  metrics_enabled: 'No effect: each service has /metrics at its health address, for whoever can reach that.',
  metrics_auth: 'No effect: see metrics_enabled.',
  metrics_auth_username: 'No effect: see metrics_enabled.',
  metrics_auth_password: 'No effect: see metrics_enabled.',
};

const PREFIX = 'cyborgbackup_';

type SettingLine = readonly [id: number, name: string, type: SettingType, default_value: string];

const group = (group_name: string, lines: readonly SettingLine[]): readonly SettingDefinition[] =>
  lines.map(([id, name, setting_type, default_value], index) => ({
    id,
    key: `${PREFIX}${name}`,
    setting_type,
    default_value,
    group_name,
    sort_order: index + 1,
    description: DESCRIPTIONS[name] ?? '',
    is_secret: setting_type === 'password' || setting_type === 'privatekey' || name.endsWith('_password'),
  }));

/** All settings, by group and order. Ids, keys, types and defaults are those that API clients know. */
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
    [26, 'max_clock_difference', 'integer', '0'],
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
    [24, 'trust_first_contact', 'boolean', 'True'],
    [25, 'run_on_repository_host', 'boolean', 'False'],
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

/** The setting that lets borg run on the hosts of repositories, which then learn the passphrases. */
export const RUN_ON_REPOSITORY_HOST_SETTING = `${PREFIX}run_on_repository_host`;

/** The setting that lets executors pin the key that a host has at the first contact. */
export const TRUST_FIRST_CONTACT_SETTING = `${PREFIX}trust_first_contact`;

/** The setting that limits how far a client's clock may be off. */
export const MAX_CLOCK_DIFFERENCE_SETTING = `${PREFIX}max_clock_difference`;

const byKey = new Map(SETTINGS_CATALOGUE.map((definition) => [definition.key, definition]));

export const findSetting = (key: string): SettingDefinition | undefined => byKey.get(key);

/** A row of the table `inventory.settings`, which has only settings that were changed. */
export interface StoredSetting {
  readonly id: number;
  readonly key: string;
  /** Null for a secret. */
  readonly value: string | null;
  /** The encrypted value; null unless the setting is a secret. */
  readonly secret: unknown;
  readonly setting_type: string;
  readonly group_name: string;
  readonly sort_order: number;
  readonly created: string;
  readonly modified: string;
}

/** A setting with its current value: `value` is null for a secret, and `secret` null for a secret that was never set. */
export interface EffectiveSetting extends Omit<StoredSetting, 'created' | 'modified'> {
  readonly is_secret: boolean;
  readonly description: string;
  readonly default_value: string;
  /** Null while the setting has its default. */
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

/** Whether the value of a boolean setting is true. */
export const isSettingOn = (value: string | null): boolean => value === 'True';
