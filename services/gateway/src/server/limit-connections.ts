import type { Server } from 'node:http';
import { createIsTrusted, networkOf, plainAddress } from '../middleware/source-address.ts';

interface ConnectionLimits {
  readonly all: number;
  /** Of one sender; a trusted proxy brings those of many. */
  readonly ofNetwork: number;
}

/** A connection takes some 10 KB and a file descriptor, of which PostgreSQL, NATS and hosts want some too. */
const LIMITS: ConnectionLimits = { all: 8_192, ofNetwork: 1_024 };

/** Closes connections beyond what one sender, or all, may have open: who is there is served. */
export const limitConnections = (
  server: Server,
  trustedProxies: readonly string[],
  { all, ofNetwork }: ConnectionLimits = LIMITS,
): void => {
  const isTrusted = createIsTrusted(trustedProxies);
  const counts = new Map<string, number>();
  server.maxConnections = all;
  server.on('connection', (socket) => {
    const address = plainAddress(socket.remoteAddress ?? '') ?? '';
    if (isTrusted(address)) return;
    const network = networkOf(address);
    const count = counts.get(network) ?? 0;
    if (count >= ofNetwork) return void socket.destroy();
    counts.set(network, count + 1);
    socket.once('close', () => {
      const left = (counts.get(network) ?? 1) - 1;
      if (left > 0) counts.set(network, left);
      else counts.delete(network);
    });
  });
};
