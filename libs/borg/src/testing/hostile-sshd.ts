import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import ssh2, { type AuthContext, type Connection, type ServerChannel, type Session } from 'ssh2';
import { generateKeyPair } from '../ssh/key.ts';

/** What a host does instead of what it should; the rest is an SSH server that lets everybody in. */
export interface Hostility {
  /** Instead of speaking SSH. */
  readonly socket?: (socket: Socket) => void;
  readonly authentication?: (context: AuthContext, client: Connection) => void;
  /** With each command; `accept` confirms it. */
  readonly exec?: (accept: () => ServerChannel, client: Connection) => void;
  /** Once somebody is logged in. */
  readonly ready?: (client: Connection) => void;
  /** Every connection meets another host key. */
  readonly changesHostKey?: boolean;
}

export interface HostileSshd extends AsyncDisposable {
  readonly port: number;
}

const port = (address: ReturnType<ReturnType<typeof createServer>['address']>): number => {
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
};

const newKey = async (): Promise<string> => (await generateKeyPair({ type: 'ed25519', comment: '' })).privateKey;

/** An SSH server that does not keep to the protocol. */
export const startHostileSshd = async (hostility: Hostility): Promise<HostileSshd> => {
  const { socket: speak, authentication, exec, ready, changesHostKey = false } = hostility;
  const open = new Set<Socket>();
  const keys = [await newKey(), ...(changesHostKey ? [await newKey()] : [])];
  let connections = 0;

  const serve = (client: Connection): void => {
    client.on('error', () => undefined);
    client.on('authentication', (context) => (authentication ? authentication(context, client) : context.accept()));
    client.on('session', (accept) => {
      const session: Session = accept();
      session.on('auth-agent', (yes: () => void) => yes());
      session.on('exec', (confirm) => {
        const channel = (): ServerChannel => {
          const confirmed = confirm();
          confirmed.on('error', () => undefined);
          return confirmed;
        };
        exec?.(channel, client);
      });
    });
    client.on('ready', () => ready?.(client));
  };
  const server = createServer((socket) => {
    open.add(socket.on('error', () => undefined).on('close', () => open.delete(socket)));
    if (speak) return speak(socket);
    const [first = '', second = first] = keys;
    connections += 1;
    new ssh2.Server({ hostKeys: [connections === 1 ? first : second] }, serve).injectSocket(socket);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: port(server.address()),
    [Symbol.asyncDispose]: async () => {
      for (const socket of open) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
};
