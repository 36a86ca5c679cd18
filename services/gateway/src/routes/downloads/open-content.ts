import { archiveContent, secretCommands, type ContentRequest } from '@cyborgbackup/contracts';
import type { Readable } from 'node:stream';
import type { GatewayDeps } from '../deps.ts';

/** What the caller wants of an archive, before it is recorded. */
export type Content = Omit<ContentRequest, 'read'>;

/** Records who reads what, then asks an executor for it. When it cannot be recorded, nothing is sent. */
export const openContent = async (deps: GatewayDeps, content: Content, signal: AbortSignal): Promise<Readable> => {
  const { job, archive, repository, kind, paths, range } = content;
  const read = { job, archive, repository: repository.uuid, kind, paths, range };
  const recorded = await deps.call(secretCommands.recordContentRead, read);
  return deps.openStream(archiveContent, { ...content, ...recorded }, signal);
};
