import { clientFields, type ClientFields } from '@cyborgbackup/contracts';
import { pick, presentCommon } from '../../http/core/representation.ts';
import type { ClientRow } from './query.ts';

const fields = clientFields.keyof().options satisfies readonly (keyof ClientFields)[];

export const presentClient = (row: ClientRow): object => ({
  ...presentCommon(row, { type: 'client', collection: 'clients', summaries: { policies: row.policies } }),
  ...pick(row, fields),
  // No newer release of borg is known to this version.
  can_be_updated: false,
  uuid: row.uuid,
});
