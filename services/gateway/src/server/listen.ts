import type { ListenAddress } from '@cyborgbackup/service';
import { AppError, messageOf } from '@cyborgbackup/kernel';
import type Koa from 'koa';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { Socket } from 'node:net';
import { limitConnections } from './limit-connections.ts';

const HEADER_BYTES = 16 * 1024;
const HEADERS_MILLIS = 10_000;
const REQUEST_MILLIS = 30_000;
const KEEP_ALIVE_MILLIS = 65_000;
const DRAIN_MILLIS = 10_000;
const IDLE_POLL_MILLIS = 50;

interface Listener {
  /** For example `http://127.0.0.1:8000`. */
  readonly url: string;
  /** Accepts no further request, and waits up to ten seconds for those being served. */
  close(): Promise<void>;
}

const urlOf = (server: Server, { host }: ListenAddress): string => {
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return `http://${host.includes(':') ? `[${host}]` : host}:${port}`;
};

/** @returns closes connections on which nothing was ever received, which `closeIdleConnections` leaves open */
const trackUnused = (server: Server): (() => void) => {
  const open = new Set<Socket>();
  server.on('connection', (socket) => {
    open.add(socket);
    socket.once('close', () => open.delete(socket));
  });
  return () => {
    for (const socket of open) if (socket.bytesRead === 0) socket.destroy();
  };
};

/** @throws AppError `unavailable` when the address is in use or not one of this machine */
export const listen = async (
  app: Koa,
  address: ListenAddress,
  trustedProxies: readonly string[] = [],
): Promise<Listener> => {
  const handle = app.callback();
  const server = createServer(
    { maxHeaderSize: HEADER_BYTES, headersTimeout: HEADERS_MILLIS, requestTimeout: REQUEST_MILLIS },
    (request, response) => void handle(request, response),
  );
  limitConnections(server, trustedProxies);
  const closeUnused = trackUnused(server);
  server.keepAliveTimeout = KEEP_ALIVE_MILLIS;
  server.listen(address.port, address.host);
  try {
    await once(server, 'listening');
  } catch (error) {
    throw new AppError(
      'unavailable',
      `The API cannot be served at ${address.host}:${address.port} (${messageOf(error)}): set CYBORGBACKUP_LISTEN.`,
      { cause: error },
    );
  }
  return {
    url: urlOf(server, address),
    close: async () => {
      const closed = once(server, 'close');
      server.close();
      // Connections that finish a request now would wait for the next one.
      const idle = setInterval(() => {
        server.closeIdleConnections();
        closeUnused();
      }, IDLE_POLL_MILLIS);
      const cut = setTimeout(() => server.closeAllConnections(), DRAIN_MILLIS);
      await closed;
      clearInterval(idle);
      clearTimeout(cut);
    },
  };
};
