import { openByteStream, type Connection } from '@cyborgbackup/messaging';
import type { GatewayDeps } from '../routes/deps.ts';

export const createOpenStream =
  (connection: Connection): GatewayDeps['openStream'] =>
  async ({ subject, head }, request, signal) =>
    (await openByteStream(connection, { subject, head, request, signal })).body;
