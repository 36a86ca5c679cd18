import { expect, test } from 'vitest';
import {
  findSetting,
  isSettingOn,
  mergeSettings,
  SETTINGS_CATALOGUE,
  type StoredSetting,
} from './settings-catalogue.ts';

test('the catalogue has 26 settings with different ids and keys', () => {
  const ids = SETTINGS_CATALOGUE.map(({ id }) => id).toSorted((a, b) => a - b);
  expect(ids).toEqual(Array.from({ length: 26 }, (_, index) => index + 1));
  expect(new Set(SETTINGS_CATALOGUE.map(({ key }) => key)).size).toBe(26);
});

test('passwords and private keys are secrets, also those of the type string', () => {
  expect(SETTINGS_CATALOGUE.filter(({ is_secret }) => is_secret).map(({ id }) => id)).toEqual([14, 7, 10, 20]);
});

test('every setting has a description', () => {
  for (const { key, description } of SETTINGS_CATALOGUE) expect(description, key).toMatch(/^\P{Ll}.{20,}\.$/u);
});

test('finds a setting by its full key, with its group and order', () => {
  expect(findSetting('cyborgbackup_backup_user')).toMatchObject({
    id: 9,
    group_name: '2 - Backup',
    sort_order: 3,
    default_value: 'root',
  });
  expect(findSetting('backup_user')).toBeUndefined();
});

test('merges stored settings over the defaults', () => {
  const row: StoredSetting = {
    id: 4,
    key: 'cyborgbackup_auto_prune',
    value: 'False',
    secret: null,
    setting_type: 'boolean',
    group_name: '2 - Backup',
    sort_order: 1,
    created: 'then',
    modified: 'now',
  };
  const merged = new Map(mergeSettings([row]).map((setting) => [setting.id, setting]));
  expect(merged.size).toBe(26);
  expect(merged.get(4)).toMatchObject({ value: 'False', default_value: 'True', modified: 'now', is_secret: false });
  expect(merged.get(3)).toMatchObject({ value: 'True', created: null, modified: null });
  expect(merged.get(20)).toMatchObject({ value: null, secret: null, default_value: 'backup', is_secret: true });
  expect(isSettingOn(merged.get(3)?.value ?? null)).toBe(true);
  expect(isSettingOn(merged.get(4)?.value ?? null)).toBe(false);
});
