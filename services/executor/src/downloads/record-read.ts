import { archiveContentRead, archiveReadsStream, type ContentRequest } from '@cyborgbackup/contracts';
import { currentContext, systemContext } from '@cyborgbackup/kernel';
import type { ServiceParts } from '@cyborgbackup/service';
import { randomUUID } from 'node:crypto';

/** Records who reads what. Nothing is sent to anybody when this fails. */
export const recordRead = async (
  { store, codec }: Pick<ServiceParts, 'store' | 'codec'>,
  request: ContentRequest,
): Promise<void> => {
  const { job, archive, repository, kind, paths, range } = request;
  const event = await codec.encode(
    { type: archiveContentRead.type, data: { job, archive, repository: repository.uuid, kind, paths, range } },
    { id: randomUUID(), context: currentContext() ?? systemContext('executor') },
  );
  await store.append(archiveReadsStream(job), [event], 'any');
};
