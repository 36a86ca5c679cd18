import { delay } from '@cyborgbackup/kernel';

const LINGER_MILLIS = 20_000;

/** A canceled job's connections stay open while what it started is ended and cleaned up: fires some time after the signal. */
export const lingering = (signal: AbortSignal): AbortSignal => {
  const gone = new AbortController();
  const linger = async (): Promise<void> => {
    await delay(LINGER_MILLIS);
    gone.abort();
  };
  signal.addEventListener('abort', () => void linger(), { once: true });
  return gone.signal;
};
