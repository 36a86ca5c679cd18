import type { RowOf } from '@cyborgbackup/projections/define';
import { inventory } from '@cyborgbackup/read-models';
import type { RowSource } from '../../lists/index.ts';
import { columnsOf } from '../../db/authored.ts';

const HIDDEN = ['comparable_email', 'password_hash', 'credentials_changed_at', 'modified'] as const;

export type UserRow = Omit<RowOf<typeof inventory.users>, (typeof HIDDEN)[number]>;

export const userSource: RowSource = { select: columnsOf(inventory.users, HIDDEN), from: 'inventory.users t' };
