import type { Readable } from 'node:stream';

const isFull = (stream: Readable): boolean => stream.readableLength >= stream.readableHighWaterMark;

/**
 * Makes a channel's output obey back-pressure. A channel has one window for standard output and standard error together, and
 * ssh2 (1.17) opens it again whenever either of them has room: a busy standard error then lets standard output grow without
 * limit while its reader holds back (measured: all of 30 MB). So room counts only when both have it.
 */
export const guardSharedWindow = (output: Readable, errors: Readable): void => {
  const bothHaveRoom = (): boolean => !isFull(output) && !isFull(errors);
  for (const stream of [output, errors]) {
    const [read, push] = [stream._read.bind(stream), stream.push.bind(stream)];
    stream._read = (size) => {
      if (bothHaveRoom()) read(size);
    };
    stream.push = (chunk: unknown) => push(chunk) && bothHaveRoom();
  }
};
