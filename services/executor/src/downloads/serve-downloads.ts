import { archiveContent, type ContentKind, type ContentRequest } from '@cyborgbackup/contracts';
import { serveByteStreams, type ByteSink, type ByteStreamServer } from '@cyborgbackup/messaging';
import type { DownloadDeps } from './download-parts.ts';
import { createRepositoryAccess } from '../borg/repository-access.ts';
import { asReadFailure } from './read-failure.ts';
import { recordRead } from './record-read.ts';
import { sendFile } from './send-file.ts';
import { sendTar, sendZip } from './send-selection.ts';

/** Each is a borg that reads, decrypts and decompresses: more would not be faster. */
const DOWNLOADS_AT_ONCE = 4;

type Send = (parts: DownloadDeps, request: ContentRequest, sink: ByteSink) => Promise<void>;

const SENDERS: Readonly<Record<ContentKind, Send>> = { file: sendFile, tar: sendTar, zip: sendZip };

/** Sends what is in archives to whoever asks over NATS; the gateway decides who may. */
export const serveDownloads = (parts: DownloadDeps): ByteStreamServer => {
  const { connection } = parts.parts;
  const giveWay = createRepositoryAccess(connection);
  const server = serveByteStreams(connection, {
    subject: archiveContent.subject,
    schema: archiveContent.input,
    concurrency: DOWNLOADS_AT_ONCE,
    handler: (request, sink) =>
      giveWay.reading(request.repository.uuid, async (wanted) => {
        await recordRead(parts.parts, request);
        try {
          await SENDERS[request.kind](parts, request, { ...sink, signal: AbortSignal.any([sink.signal, wanted]) });
        } catch (error) {
          throw asReadFailure(error);
        }
      }),
  });
  return {
    stop: async () => {
      await server.stop();
      giveWay.close();
    },
  };
};
