import { AppError } from '@cyborgbackup/kernel';
import { tooManyRequests } from '../../../http/core/http-error.ts';

/** Each open stream holds a connection. */
const MAX_PER_USER = 100;
const MAX_TOTAL = 1_000;

interface OpenStreams {
  /**
   * @returns releases the stream; calling it again has no effect
   * @throws HttpError 429 when this user has too many open; AppError `unavailable` when all users together have
   */
  enter(user: string): () => void;
}

export const createOpenStreams = (): OpenStreams => {
  const counts = new Map<string, number>();
  let all = 0;

  const release = (user: string): void => {
    all -= 1;
    const remaining = (counts.get(user) ?? 1) - 1;
    if (remaining === 0) counts.delete(user);
    else counts.set(user, remaining);
  };

  return {
    enter: (user) => {
      const mine = counts.get(user) ?? 0;
      if (mine >= MAX_PER_USER) throw tooManyRequests(5, `You have ${MAX_PER_USER} streams open: close some.`);
      if (all >= MAX_TOTAL) throw new AppError('unavailable', 'Too many streams are open: try again later.');
      counts.set(user, mine + 1);
      all += 1;
      let isOpen = true;
      return () => {
        if (isOpen) release(user);
        isOpen = false;
      };
    },
  };
};
