import type { Duplex } from 'node:stream';
import { BaseAgent, type ParsedKey } from 'ssh2';
import type { ForwardableAgent } from '../ssh/session.ts';
import { type AgentIdentity, createAgentStream } from './dialogue.ts';

/** The agent in the shape ssh2 wants: only `getStream` matters, since we log in with the private key itself. */
class ForwardedAgent extends BaseAgent {
  readonly #identities: () => readonly AgentIdentity[];

  constructor(identities: () => readonly AgentIdentity[]) {
    super();
    this.#identities = identities;
  }

  override getIdentities(done: (error: undefined, keys: ParsedKey[]) => void): void {
    done(undefined, []);
  }

  override sign(): void {
    throw new Error('This agent signs for forwarded connections only');
  }

  override getStream(done: (error: Error | null | undefined, stream: Duplex) => void): void {
    const stream = createAgentStream(this.#identities());
    stream.on('error', () => stream.destroy());
    done(undefined, stream);
  }
}

/**
 * An SSH agent that lives in this process. Forwarded to a host it lets borg there log in to another host without a key ever
 * leaving us.
 * @param identities called for each program over there that opens the agent, so that they may be chosen after the login
 */
export const createForwardedAgent = (identities: () => readonly AgentIdentity[]): ForwardableAgent =>
  new ForwardedAgent(identities);
