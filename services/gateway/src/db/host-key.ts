/** SQL for the key that is pinned in a stream, as a line of known_hosts has it; null when there is none. */
export const pinnedKeySql = (stream: string): string =>
  `(select k.key_type || ' ' || k.public_key from inventory.host_keys k where k.stream = ${stream})`;
