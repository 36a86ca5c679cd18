import {
  mergeSettings,
  RUN_ON_REPOSITORY_HOST_SETTING,
  SECRET_MASK,
  SETTING_TYPES,
  settingsCommands,
  TRUST_FIRST_CONTACT_SETTING,
  type EffectiveSetting,
  type StoredSetting,
} from '@cyborgbackup/contracts';
import { inventory } from '@cyborgbackup/read-models';
import { z } from 'zod';
import { columnsOf } from '../../db/authored.ts';
import type { Reader } from '../../db/reader.ts';
import type { GatewayDeps } from '../deps.ts';
import { endpoint, hasScope, type ApiAnswer, type ApiRequest, type Endpoint } from '../../http/core/endpoint.ts';
import { beyondScope, noSuch } from '../../http/core/http-error.ts';
import { listSchema } from '../../http/lists/list-endpoint.ts';
import { represent, urlOf } from '../../http/core/representation.ts';
import { listRows, parseListQuery, sources } from '../../lists/index.ts';
import { idParameter } from '../../http/resource/find-row.ts';
import { sshKeyRoutes } from './ssh-key.ts';

const settingSchema = z.object({
  id: z.int(),
  url: z.string(),
  key: z.string(),
  type: z.literal('setting'),
  setting_type: z.enum(SETTING_TYPES),
  value: z.string(),
  group: z.string().nullable(),
  order: z.int(),
  /** What it does, or that it has no effect. */
  description: z.string(),
  /** Null while the default is in force. */
  created: z.string().nullable(),
  modified: z.string().nullable(),
});

/** Any JSON is taken, as text; booleans become `True` and `False`. */
const changeSetting = z.object({ value: z.json().optional() });

const replaceSetting = z.object({ key: z.string().max(255), value: z.json() });

/** All settings in the catalogue's order: those that were changed, and the others' defaults. */
const readSettings = async (reader: Reader): Promise<readonly EffectiveSetting[]> =>
  mergeSettings(await reader.rows<StoredSetting>(`select ${columnsOf(inventory.settings)} from inventory.settings t`));

const maskedValue = ({ is_secret: isSecret, secret, value }: EffectiveSetting): string => {
  if (!isSecret) return value ?? '';
  return secret === null ? '' : SECRET_MASK;
};

const presentSetting = (setting: EffectiveSetting): object =>
  represent(settingSchema, {
    ...setting,
    url: urlOf('settings', setting.id),
    value: maskedValue(setting),
    group: setting.group_name,
    order: setting.sort_order,
  });

/** The list engine finds the ids in their order; the settings themselves are merged with the defaults. */
const list = async ({ reader }: GatewayDeps, { query, path: listPath }: ApiRequest): Promise<ApiAnswer> => {
  const parsed = parseListQuery(sources.settings, query);
  const { rows, fields, ...page } = await listRows(reader, sources.settings, { query: parsed, path: listPath });
  if (fields) return { body: { ...page, results: rows } };
  const settings = new Map((await readSettings(reader)).map((setting) => [setting.id, presentSetting(setting)]));
  return { body: { ...page, results: rows.map(({ id }) => settings.get(id)) } };
};

const find = async (deps: GatewayDeps, request: ApiRequest): Promise<EffectiveSetting> => {
  const id = idParameter(request, 'Setting');
  const setting = (await readSettings(deps.reader)).find((one) => one.id === id);
  if (!setting) throw noSuch('Setting');
  return setting;
};

/** Settings are texts; clients send and expect Python's words for booleans. */
const textOf = (value: unknown): string => {
  if (typeof value === 'string') return value;
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  return value === null || value === undefined ? '' : JSON.stringify(value);
};

/** With these, hosts that are not known, or those of repositories, come to have passphrases. */
const GUARDS_OF_SECRETS = [TRUST_FIRST_CONTACT_SETTING, RUN_ON_REPOSITORY_HOST_SETTING];

const change = async (deps: GatewayDeps, request: ApiRequest, value: unknown): Promise<ApiAnswer> => {
  const { key, is_secret: isSecret } = await find(deps, request);
  const isUnchanged = value === undefined || (isSecret && textOf(value).startsWith(SECRET_MASK));
  if (!isUnchanged) {
    const decidesOverSecrets = isSecret || GUARDS_OF_SECRETS.includes(key);
    if (decidesOverSecrets && !hasScope(request.caller(), 'secrets')) throw beyondScope('secrets');
    const { position } = await deps.call(settingsCommands.change, { key, value: textOf(value) });
    await deps.waitForProjection('inventory', position);
  }
  return { body: presentSetting(await find(deps, request)) };
};

const common = { answers: settingSchema } as const;
const ignoredFields = Object.keys(settingSchema.shape);

export const settingRoutes = (deps: GatewayDeps): readonly Endpoint[] => [
  ...sshKeyRoutes(deps),
  endpoint({
    route: 'GET /api/v1/settings',
    ...common,
    access: 'user',
    summary: 'Retrieve a list of all settings',
    answers: listSchema(settingSchema),
    list: sources.settings,
    handle: (request) => list(deps, request),
  }),
  endpoint({
    route: 'GET /api/v1/settings/:id',
    ...common,
    access: 'user',
    summary: 'Retrieve details of a single setting',
    handle: async (request) => ({ body: presentSetting(await find(deps, request)) }),
  }),
  endpoint({
    route: 'PATCH /api/v1/settings/:id',
    ...common,
    access: 'superuser',
    summary: 'Change a single setting',
    body: changeSetting,
    ignoredFields,
    handle: (request) => change(deps, request, request.body.value),
  }),
  endpoint({
    route: 'PUT /api/v1/settings/:id',
    ...common,
    access: 'superuser',
    summary: 'Change a single setting',
    body: replaceSetting,
    ignoredFields,
    handle: (request) => change(deps, request, request.body.value),
  }),
];
