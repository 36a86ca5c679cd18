import { Duplex } from 'node:stream';
import type { ParsedKey } from 'ssh2';
import { parsePrivateKey } from '../ssh/key.ts';
import { signBlob, verifyBlob } from './signature.ts';
import { readWire, wireString, wireUint32 } from '../ssh/wire.ts';

/**
 * The agent's side of one connection, spoken by us (draft-miller-ssh-agent). ssh2's own `AgentProtocol` cannot serve it:
 * OpenSSH since 8.9 opens with the extension `session-bind@openssh.com`, and that parser takes the extension's body for
 * further messages.
 *
 * What root on the client can do with a forwarded agent is kept small. It signs nothing but SSH logins, and each key only for
 * its destination. A destination with host keys is good only for a session that a session-bind message, signed by the host
 * itself, has bound to one of these keys; that needs OpenSSH 8.9 on the host the agent is forwarded to. A bound session is
 * offered only the keys whose destination it is. Held by dialogue.unit.test.ts and forwarded-agent.int.test.ts.
 */
export interface AgentDestination {
  /** The account to log in to. */
  readonly user: string;
  /** base64 of the host keys of which one must be at the other end. Not checked when absent. */
  readonly hostKeys?: readonly string[] | undefined;
}

/** A key, and the one login it is for. */
export interface AgentIdentity {
  /** OpenSSH or PEM text, not encrypted. */
  readonly privateKey: string;
  readonly destination: AgentDestination;
}

const FAILURE = Buffer.of(5);
const SUCCESS = Buffer.of(6);
const REQUEST_IDENTITIES = 11;
const IDENTITIES_ANSWER = Buffer.of(12);
const SIGN_REQUEST = 13;
const SIGN_RESPONSE = Buffer.of(14);
const EXTENSION = 27;
const USERAUTH_REQUEST = 50;

/** OpenSSH's own limit; a login request has a few hundred bytes. */
const MAX_MESSAGE_BYTES = 256 * 1024;
const MAX_BOUND_SESSIONS = 16;
/** Of one connection; a login sends some five. Signing costs us more than asking costs whoever asks. */
const MAX_MESSAGES = 100;

/** The login that signing this data would allow; undefined when the data is anything else. */
const parseLogin = (data: Buffer, keyBlob: Buffer): { sessionId: Buffer; user: string } | undefined => {
  const reader = readWire(data);
  const sessionId = reader.string();
  if (reader.byte() !== USERAUTH_REQUEST) return undefined;
  const user = reader.text();
  if (reader.text() !== 'ssh-connection') return undefined;
  const method = reader.text();
  if (reader.byte() !== 1) return undefined;
  reader.text(); // signature algorithm
  if (!reader.string().equals(keyBlob)) return undefined;
  if (method === 'publickey-hostbound-v00@openssh.com') reader.string();
  else if (method !== 'publickey') return undefined;
  return reader.atEnd() ? { sessionId, user } : undefined;
};

interface AgentKey {
  readonly key: ParsedKey;
  readonly blob: Buffer;
  readonly destination: AgentDestination;
}

const parseIdentity = ({ privateKey, destination }: AgentIdentity): AgentKey => {
  const key = parsePrivateKey(privateKey);
  return { key, blob: key.getPublicSSH(), destination };
};

/** The answers to the messages of one connection to the agent. */
const createDialogue = (keys: readonly AgentKey[], comment: string): ((message: Buffer) => Buffer) => {
  /** Session id to the base64 host key that signed it. */
  const bound = new Map<string, string>();

  const bindSession = (message: Buffer): Buffer => {
    const reader = readWire(message);
    if (reader.text() !== 'session-bind@openssh.com') return FAILURE;
    const [hostKey, sessionId, signature] = [reader.string(), reader.string(), reader.string()];
    if (bound.size >= MAX_BOUND_SESSIONS || !verifyBlob(hostKey, sessionId, signature)) return FAILURE;
    bound.set(sessionId.toString('base64'), hostKey.toString('base64'));
    return SUCCESS;
  };

  const isOffered = ({ destination: { hostKeys } }: AgentKey): boolean =>
    hostKeys === undefined || bound.size === 0 || [...bound.values()].some((hostKey) => hostKeys.includes(hostKey));

  const identities = (): Buffer => {
    const offered = keys.filter(isOffered);
    const list = offered.flatMap(({ blob }) => [wireString(blob), wireString(comment)]);
    return Buffer.concat([IDENTITIES_ANSWER, wireUint32(offered.length), ...list]);
  };

  const allows = ({ user, hostKeys }: AgentDestination, login: ReturnType<typeof parseLogin>): boolean => {
    if (login?.user !== user) return false;
    if (hostKeys === undefined) return true;
    const hostKey = bound.get(login.sessionId.toString('base64'));
    return hostKey !== undefined && hostKeys.includes(hostKey);
  };

  const signRequest = (message: Buffer): Buffer => {
    const reader = readWire(message);
    const [requested, data, flags] = [reader.string(), reader.string(), reader.uint32()];
    const signer = keys.find(
      ({ blob, destination }) => requested.equals(blob) && allows(destination, parseLogin(data, blob)),
    );
    return signer ? Buffer.concat([SIGN_RESPONSE, wireString(signBlob(signer.key, data, flags))]) : FAILURE;
  };

  return (message) => {
    const body = message.subarray(1);
    if (message[0] === REQUEST_IDENTITIES) return identities();
    if (message[0] === SIGN_REQUEST) return signRequest(body);
    return message[0] === EXTENSION ? bindSession(body) : FAILURE;
  };
};

/**
 * One connection to an agent with these keys, as a stream of length-prefixed messages in and answers out.
 * @param comment of each key, as `ssh-add -l` shows it
 * @throws AppError('validation') for a key that cannot be read
 */
export const createAgentStream = (identities: readonly AgentIdentity[], comment = 'cyborgbackup'): Duplex => {
  const answer = createDialogue(identities.map(parseIdentity), comment);
  let pending = Buffer.alloc(0);
  let messages = 0;
  const answerOrFail = (message: Buffer): Buffer => {
    try {
      return answer(message);
    } catch {
      return FAILURE;
    }
  };
  return new Duplex({
    read() {},
    write(chunk: Buffer, _encoding, done) {
      pending = Buffer.concat([pending, chunk]);
      while (pending.length >= 4) {
        const length = pending.readUInt32BE();
        if (length > MAX_MESSAGE_BYTES) return done(new Error('An agent message is too long'));
        if (pending.length < 4 + length) break;
        messages += 1;
        if (messages > MAX_MESSAGES) return done(new Error('Too many agent messages'));
        this.push(wireString(answerOrFail(pending.subarray(4, 4 + length))));
        pending = pending.subarray(4 + length);
      }
      done();
    },
    final(done) {
      this.push(null);
      done();
    },
  });
};
