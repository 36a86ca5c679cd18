/** As borg names a lock that it waited for in vain. */
const LOCK_PATH = /^(?<path>\/.*\/lock)(?:\.exclusive|\.roster)? \(timeout\)/s;
const BEFORE_PATH = 'lock ';

/**
 * The lock that a message of borg is about. Looked for at one place only: a search at each would take seconds where a host repeats
 * the beginning.
 */
export const lockPath = (message: string): string | undefined => {
  const at = message.indexOf(`${BEFORE_PATH}/`);
  return at === -1 ? undefined : LOCK_PATH.exec(message.slice(at + BEFORE_PATH.length))?.groups?.['path'];
};
