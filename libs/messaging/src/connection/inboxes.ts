/** Where answers to a connection of that name arrive: nobody else may listen there, and nobody may publish there unasked. */
export const inboxPrefix = (name: string): string => `_INBOX.${name}`;

/** Where frames of byte streams arrive. Both ends send more than one, which no permission to answer covers. */
export const streamPrefix = (name: string): string => `_STREAM.${name}`;
