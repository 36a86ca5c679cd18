import type { ContentRequest } from '@cyborgbackup/contracts';
import type { GatewayDeps } from '../deps.ts';
import { conflict } from '../../http/core/http-error.ts';

type Repository = ContentRequest['repository'];

/** The repository as it is now. @throws HttpError 409 when it is gone from the inventory */
export const findRepository = async ({ reader }: GatewayDeps, uuid: string): Promise<Repository> => {
  const row = await reader.row<Repository>('select id, uuid, name, path from inventory.repositories where uuid = $1', [
    uuid,
  ]);
  if (!row) throw conflict('The repository of this archive was removed from the inventory: register it again.');
  return row;
};
