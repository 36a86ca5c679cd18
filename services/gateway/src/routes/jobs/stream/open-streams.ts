import { AppError } from '@cyborgbackup/kernel';
import { tooManyRequests } from '../../../http/core/http-error.ts';

/** Each open stream is a connection that stays. */
const MAX_OF_ONE = 100;
const MAX_OF_ALL = 1_000;

export interface OpenStreams {
  /**
   * @returns what gives the place back, once or more often
   * @throws HttpError 429 when this user has too many open; AppError `unavailable` when all users together have
   */
  enter(user: string): () => void;
}

export const createOpenStreams = (): OpenStreams => {
  const counts = new Map<string, number>();
  let all = 0;

  const leave = (user: string): void => {
    all -= 1;
    const left = (counts.get(user) ?? 1) - 1;
    if (left === 0) counts.delete(user);
    else counts.set(user, left);
  };

  return {
    enter: (user) => {
      const mine = counts.get(user) ?? 0;
      if (mine >= MAX_OF_ONE) throw tooManyRequests(5, `You have ${MAX_OF_ONE} streams open: close some.`);
      if (all >= MAX_OF_ALL) throw new AppError('unavailable', 'Too many streams are open: try again later.');
      counts.set(user, mine + 1);
      all += 1;
      let isOpen = true;
      return () => {
        if (isOpen) leave(user);
        isOpen = false;
      };
    },
  };
};
