import { archiveContent, secretCommands, type ContentKind, type ContentRequest } from '@cyborgbackup/contracts';
import { AppError, currentContext, isAppError, messageOf, runInContext, systemContext } from '@cyborgbackup/kernel';
import { serveByteStreams, type ByteSink, type ByteStreamServer } from '@cyborgbackup/messaging';
import type { KeylessDeps } from '@cyborgbackup/service';
import { createRepositoryAccess } from '../borg/repository-access.ts';
import { askOnce } from '../endpoints/secrets.ts';
import { callService } from '../job/call-service.ts';
import type { ConnectionDeps } from '../job/job-context.ts';
import { asJobFailure } from '../job/job-failure.ts';
import { sendFile } from './send-file.ts';
import { sendTar, sendZip } from './send-selection.ts';

/** Each is a borg that reads, decrypts and decompresses: more would not be faster. */
const MAX_DOWNLOADS = 4;

type Send = (downloads: ConnectionDeps, request: ContentRequest, sink: ByteSink) => Promise<void>;

const SENDERS: Readonly<Record<ContentKind, Send>> = { file: sendFile, tar: sendTar, zip: sendZip };

type DownloadDeps = Omit<ConnectionDeps, 'deps'> & { readonly deps: KeylessDeps };

/** For one download: what the inventory gives for the reading that it recorded, of the repository that it named there. */
const withSecrets = ({ deps, ...downloads }: DownloadDeps, { job, read }: ContentRequest): ConnectionDeps => ({
  ...downloads,
  deps: { ...deps, secrets: askOnce(() => callService(deps, secretCommands.readForContent, { job, read })) },
});

/** As an error of the request, when borg could not be run at all. */
const asReadFailure = (error: unknown): unknown => {
  if (isAppError(error)) return error;
  const failure = asJobFailure(error);
  return failure ? new AppError('unavailable', messageOf(failure), { cause: error }) : error;
};

/** Serves the contents of archives over NATS; the gateway decides who may read them. */
export const serveDownloads = (downloads: DownloadDeps): ByteStreamServer => {
  const { connection } = downloads.deps;
  const repositoryAccess = createRepositoryAccess(connection);
  const server = serveByteStreams(connection, {
    subject: archiveContent.subject,
    schema: archiveContent.input,
    concurrency: MAX_DOWNLOADS,
    handler: (request, sink) =>
      repositoryAccess.withReadAccess(request.repository.uuid, async (writerSignal) => {
        const signal = AbortSignal.any([sink.signal, writerSignal]);
        const send = (): Promise<void> =>
          SENDERS[request.kind](withSecrets(downloads, request), request, { ...sink, signal });
        try {
          // What is recorded from here on, such as the key of a host, is no deed of the user.
          await runInContext(systemContext('executor', currentContext()), send);
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
