import { messageOf } from '@cyborgbackup/kernel';
import { once } from 'node:events';
import { createServer } from 'node:net';

/** A TCP port on 127.0.0.1 that nothing listens on right now. Another process may take it before the caller does. */
export const freePort = async (): Promise<number> => {
  await using probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const address = probe.address();
  if (typeof address === 'object' && address !== null) return address.port;
  throw new Error('The system gave out no TCP port');
};

const TRIES = 3;

/**
 * Starts a server on the port asked for, or on a free one; when another process takes that first, on another.
 * @throws what `start` throws
 */
export const onFreePort = async <Server>(
  start: (port: number) => Promise<Server>,
  wanted?: number,
): Promise<{ readonly server: Server; readonly port: number }> => {
  for (let attempt = 1; ; attempt += 1) {
    const port = wanted ?? (await freePort());
    try {
      return { server: await start(port), port };
    } catch (error) {
      const isTaken = /address already in use/i.test(messageOf(error));
      if (wanted !== undefined || !isTaken || attempt === TRIES) throw error;
    }
  }
};
