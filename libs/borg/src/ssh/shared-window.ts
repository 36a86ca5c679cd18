import type { Readable } from 'node:stream';

const isFull = (stream: Readable): boolean => stream.readableLength >= stream.readableHighWaterMark;

/**
 * Makes a channel's output obey back-pressure. A channel has one window for standard output and standard error together, and
 * ssh2 (1.17) opens it again whenever either of them has room: a busy standard error then lets standard output grow without
 * limit while its reader holds back (measured: all of 30 MB). Here room counts only when both have it, and is looked for
 * whenever a chunk was taken. To be called when the readers are attached, since it makes the data flow.
 */
export const guardSharedWindow = (output: Readable, errors: Readable): void => {
  const openWindow = output._read.bind(output);
  const bothHaveRoom = (): boolean => !isFull(output) && !isFull(errors);
  for (const stream of [output, errors]) {
    const push = stream.push.bind(stream);
    stream.push = (chunk: unknown) => push(chunk) && bothHaveRoom();
    stream._read = () => undefined;
    stream.on('data', () => {
      if (bothHaveRoom()) openWindow(0);
    });
  }
};
