import { currentContext, systemContext, type RequestContext } from '@cyborgbackup/kernel';
import { headers, type MsgHdrs } from '@nats-io/transport-node';
import { z } from 'zod';

/**
 * The context of a request travels in one header, as JSON, which keeps line breaks in a value out of the protocol.
 */
const CONTEXT_HEADER = 'Cyborgbackup-Context';
const DEADLINE_HEADER = 'Cyborgbackup-Deadline-Millis';

const contextSchema = z.object({
  actor: z.object({ kind: z.enum(['user', 'system']), id: z.string() }),
  correlationId: z.string(),
  causationId: z.string(),
  sourceAddress: z.string().optional(),
});

export const contextHeaders = (context: RequestContext, deadlineMillis?: number): MsgHdrs => {
  const result = headers();
  result.set(CONTEXT_HEADER, JSON.stringify(context));
  if (deadlineMillis !== undefined) result.set(DEADLINE_HEADER, String(Math.ceil(deadlineMillis)));
  return result;
};

/** The context's header as it is, which is what signatures are made of. */
export const contextText = (message: MsgHdrs): string => message.get(CONTEXT_HEADER);

/** The context of a message that nobody signs: what is done for a user is then done by the service called `name`. */
export const ownContext = (name: string): RequestContext => {
  const context = currentContext();
  return context?.actor.kind === 'system' ? context : systemContext(name, context);
};

/** The sender's context, unverified: see `verifiedContext`. For a message without a readable one, a context of its own with the actor `fallback`. */
export const contextOf = (message: MsgHdrs | undefined, fallback: string): RequestContext => {
  const sent = message?.get(CONTEXT_HEADER);
  return (sent ? parseContext(sent) : undefined) ?? systemContext(fallback);
};

/** The sender's context of a message that nobody signs: the word of the sender that a user acts does not count. */
export const unsignedContext = (message: MsgHdrs | undefined, fallback: string): RequestContext => {
  const context = contextOf(message, fallback);
  return context.actor.kind === 'system' ? context : systemContext(fallback, context);
};

/**
 * When the sender stops waiting, on our clock. It sends how long it waits, not until when, so that clocks which
 * disagree do no harm.
 */
export const expiryOf = (message: MsgHdrs | undefined, now: number): number => {
  const millis = Number(message?.get(DEADLINE_HEADER));
  return Number.isFinite(millis) && millis > 0 ? now + millis : Infinity;
};

const parseContext = (sent: string): RequestContext | undefined => {
  try {
    const { sourceAddress, ...context } = contextSchema.parse(JSON.parse(sent));
    return sourceAddress === undefined ? context : { ...context, sourceAddress };
  } catch {
    return undefined;
  }
};
