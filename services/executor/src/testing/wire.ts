import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';

/** A connection to a server that a test can cut. */
export interface Wire extends AsyncDisposable {
  /** Leads to the server. */
  readonly url: string;
  /** From now on nothing comes through, and neither end is notified. */
  cut(): void;
  /** What was connected is lost; new connections work. */
  mend(): void;
}

export const startWire = async (to: string): Promise<Wire> => {
  const url = new URL(to);
  const target = { host: url.hostname, port: Number(url.port) };
  const sockets = new Set<Socket>();
  let isCut = false;
  const server = createServer((inbound) => {
    const outbound = connect(target);
    for (const [from, into] of [
      [inbound, outbound],
      [outbound, inbound],
    ] as const) {
      sockets.add(from.on('error', () => undefined));
      from.on('data', (chunk) => isCut || into.write(chunk));
      from.once('close', () => {
        sockets.delete(from);
        into.destroy();
      });
    }
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  url.host = `127.0.0.1:${address.port}`;
  const mend = (): void => {
    isCut = false;
    for (const socket of sockets) socket.destroy();
  };
  return {
    url: url.href,
    cut: () => {
      isCut = true;
    },
    mend,
    [Symbol.asyncDispose]: async () => {
      mend();
      server.close();
      await once(server, 'close');
    },
  };
};
