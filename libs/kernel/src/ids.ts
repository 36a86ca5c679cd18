import { v5 } from 'uuid';

/**
 * The uuid (version 5, RFC 9562) of a name in a namespace: the same for the same two, on every machine.
 * @param namespace a uuid
 */
export const nameUuid = (namespace: string, name: string): string => v5(name, namespace);
