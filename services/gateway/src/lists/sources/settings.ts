import { SETTINGS_CATALOGUE } from '@cyborgbackup/contracts';
import { inventory } from '@cyborgbackup/read-models';
import { fieldsOf, type ListSource } from './list-source.ts';

const known = SETTINGS_CATALOGUE.map(({ id, key, setting_type, group_name, sort_order, default_value, is_secret }) => ({
  ...{ id, key, setting_type, group_name, sort_order },
  // A secret's value is null in this list, so that filters reveal nothing of it.
  value: is_secret ? null : default_value,
  is_secret,
}));

const literal = `'${JSON.stringify(known).replaceAll("'", "''")}'::jsonb`;

/** All settings there are; the table only holds those that were changed. */
export const settings: ListSource = {
  name: 'settings',
  label: 'Setting',
  type: 'setting',
  table: inventory.settings.name,
  query: `select k.id, k.key, k.setting_type, k.group_name, k.sort_order,
      case when k.is_secret then null else coalesce(s.value, k.value) end as value, s.created, s.modified
    from jsonb_to_recordset(${literal}) as k(
      id int4, key text, setting_type text, group_name text, sort_order int4, value text, is_secret bool)
    left join inventory.settings s on s.key = k.key`,
  fields: fieldsOf(inventory.settings, { renamed: { group: 'group_name', order: 'sort_order' } }),
  relations: {},
  search: ['key'],
  order: 'group,order',
};
