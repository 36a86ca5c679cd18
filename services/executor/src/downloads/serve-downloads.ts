import {
  archiveContent,
  archiveContentRead,
  archiveReadsStream,
  type ContentKind,
  type ContentRequest,
} from '@cyborgbackup/contracts';
import { AppError, currentContext, isAppError, messageOf, systemContext } from '@cyborgbackup/kernel';
import { serveByteStreams, type ByteSink, type ByteStreamServer } from '@cyborgbackup/messaging';
import type { ServiceDeps } from '@cyborgbackup/service';
import { randomUUID } from 'node:crypto';
import { createRepositoryAccess } from '../borg/repository-access.ts';
import type { ConnectionDeps } from '../job/job-context.ts';
import { asJobFailure } from '../job/job-failure.ts';
import { sendFile } from './send-file.ts';
import { sendTar, sendZip } from './send-selection.ts';

/** Each is a borg that reads, decrypts and decompresses: more would not be faster. */
const MAX_DOWNLOADS = 4;

type Send = (downloads: ConnectionDeps, request: ContentRequest, sink: ByteSink) => Promise<void>;

const SENDERS: Readonly<Record<ContentKind, Send>> = { file: sendFile, tar: sendTar, zip: sendZip };

/** Records who reads what. When this fails, nothing is sent. */
const recordRead = async ({ store, codec }: ServiceDeps, request: ContentRequest): Promise<void> => {
  const { job, archive, repository, kind, paths, range } = request;
  const event = await codec.encode(
    { type: archiveContentRead.type, data: { job, archive, repository: repository.uuid, kind, paths, range } },
    { id: randomUUID(), context: currentContext() ?? systemContext('executor') },
  );
  await store.append(archiveReadsStream(job), [event], 'any');
};

/** As an error of the request, when borg could not be run at all. */
const asReadFailure = (error: unknown): unknown => {
  if (isAppError(error)) return error;
  const failure = asJobFailure(error);
  return failure ? new AppError('unavailable', messageOf(failure), { cause: error }) : error;
};

/** Serves the contents of archives over NATS; the gateway decides who may read them. */
export const serveDownloads = (downloads: ConnectionDeps): ByteStreamServer => {
  const { connection } = downloads.deps;
  const repositoryAccess = createRepositoryAccess(connection);
  const server = serveByteStreams(connection, {
    subject: archiveContent.subject,
    schema: archiveContent.input,
    concurrency: MAX_DOWNLOADS,
    handler: (request, sink) =>
      repositoryAccess.withReadAccess(request.repository.uuid, async (writerSignal) => {
        await recordRead(downloads.deps, request);
        try {
          const signal = AbortSignal.any([sink.signal, writerSignal]);
          await SENDERS[request.kind](downloads, request, { ...sink, signal });
        } catch (error) {
          throw asReadFailure(error);
        }
      }),
  });
  return {
    stop: async () => {
      await server.stop();
      repositoryAccess.close();
    },
  };
};
