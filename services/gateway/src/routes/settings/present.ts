import { SECRET_MASK, type EffectiveSetting } from '@cyborgbackup/contracts';
import { urlOf } from '../../http/core/representation.ts';

const shownValue = ({ is_secret: isSecret, secret, value }: EffectiveSetting): string => {
  if (!isSecret) return value ?? '';
  return secret === null ? '' : SECRET_MASK;
};

export const presentSetting = (setting: EffectiveSetting): object => ({
  id: setting.id,
  url: urlOf('settings', setting.id),
  key: setting.key,
  type: 'setting',
  setting_type: setting.setting_type,
  value: shownValue(setting),
  group: setting.group_name,
  order: setting.sort_order,
  description: setting.description,
  created: setting.created,
  modified: setting.modified,
});
