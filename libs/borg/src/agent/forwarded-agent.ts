import { randomUUID } from 'node:crypto';
import type { Duplex } from 'node:stream';
import { BaseAgent, type ParsedKey } from 'ssh2';
import type { ForwardableAgent } from '../ssh/session.ts';
import { type AgentIdentity, createAgentStream } from './dialogue.ts';

/** Of one session with a host. */
const MAX_CONNECTIONS = 1_000;

/**
 * An SSH agent that lives in this process. Forwarded to a host it lets borg there log in to another host without a key ever
 * leaving us.
 * A session with it opens it once for each borg that logs in elsewhere; after very many times it is not opened any more.
 * @param identities called for each program over there that opens the agent, so that they may be chosen after the login
 */
export const createForwardedAgent = (identities: () => readonly AgentIdentity[]): ForwardableAgent =>
  // The shape that ssh2 wants. Only `getStream` matters, since we log in with the private key itself.
  new (class extends BaseAgent {
    readonly mark = `cyborgbackup-${randomUUID()}`;
    private opened = 0;

    override getIdentities(done: (error: undefined, keys: ParsedKey[]) => void): void {
      done(undefined, []);
    }

    override sign(): void {
      throw new Error('This agent signs for forwarded connections only');
    }

    override getStream(done: (error: Error | undefined, stream?: Duplex) => void): void {
      this.opened += 1;
      if (this.opened > MAX_CONNECTIONS) return done(new Error('The agent was asked too often'));
      const stream = createAgentStream(identities(), this.mark);
      stream.on('error', () => stream.destroy());
      done(undefined, stream);
    }
  })();
