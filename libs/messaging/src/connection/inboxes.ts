import { nuid } from '@nats-io/transport-node';
import { randomUUID } from 'node:crypto';

/** Where answers to a connection of that name arrive: nobody else may listen there, and only those may publish whom it calls. */
export const inboxPrefix = (name: string): string => `_INBOX.${name}`;

/**
 * Whether an answer may be sent there. NATS lets a service answer wherever a request wants the answer: without this, a caller could
 * have the service send its answer to a subject that only the service, or nobody, may publish.
 */
export const isInbox = (reply: string | undefined): boolean => !reply || /^_(INBOX|STREAM)\./.test(reply);

/** Where frames of byte streams arrive. Both ends send more than one, which no permission to answer covers. */
export const streamPrefix = (name: string): string => `_STREAM.${name}`;

/** A place below a prefix that nobody can guess: whoever may publish below the prefix has to be told of it. */
export const secretInbox = (prefix: string): string => `${prefix}.${randomUUID()}`;

/** To be called before each request: the client counts on from one name of an inbox to the next. */
export const forgetInboxes = (): void => nuid.reset();
