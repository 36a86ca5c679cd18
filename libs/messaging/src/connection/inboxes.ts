/** Where answers to a connection of that name arrive: nobody else may listen there, and nobody may publish there unasked. */
export const inboxPrefix = (name: string): string => `_INBOX.${name}`;

/**
 * Whether an answer may be sent there. NATS lets a service answer wherever a request wants the answer: without this, a caller could
 * have the service send its answer to a subject that only the service, or nobody, may publish.
 */
export const isInbox = (reply: string | undefined): boolean => !reply || /^_(INBOX|STREAM)\./.test(reply);

/** Where frames of byte streams arrive. Both ends send more than one, which no permission to answer covers. */
export const streamPrefix = (name: string): string => `_STREAM.${name}`;
