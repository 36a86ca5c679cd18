import { clientChanged, clientPrepared, clientRegistered } from '@cyborgbackup/contracts';
import type { ServiceParts } from '@cyborgbackup/service';

/** Whether somebody marked the client to get a newer borg. */
export const isMarkedForUpdate = async ({ store }: Pick<ServiceParts, 'store'>, client: string): Promise<boolean> => {
  let marked = false;
  for await (const { type, data } of store.readStream(`client-${client}`)) {
    if (type === clientRegistered.type) marked = clientRegistered.schema.parse(data).mark_as_to_update;
    if (type === clientChanged.type) marked = clientChanged.schema.parse(data).mark_as_to_update ?? marked;
    if (type === clientPrepared.type) marked = false;
  }
  return marked;
};
