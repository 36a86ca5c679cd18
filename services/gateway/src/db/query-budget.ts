import { AppError } from '@cyborgbackup/kernel';

export interface QueryBudget {
  /**
   * Does the work as soon as the owner has a statement to spare.
   * @throws AppError `rate-limited` when too many of the owner's are waiting, `unavailable` when the signal fires first
   */
  run<T>(owner: string, signal: AbortSignal, work: () => Promise<T>): Promise<T>;
}

interface Account {
  running: number;
  readonly waiting: Set<() => void>;
}

export const callerLeft = (): AppError => new AppError('unavailable', 'The caller left before the answer was found.');

/**
 * Bounds how many statements of lists one caller has at the database at once, however many requests it sends: the rest wait,
 * in the order of their arrival.
 */
export const createQueryBudget = ({
  atOnce,
  maxWaiting,
}: {
  readonly atOnce: number;
  readonly maxWaiting: number;
}): QueryBudget => {
  const accounts = new Map<string, Account>();

  const enter = async (account: Account, signal: AbortSignal): Promise<void> => {
    if (account.running < atOnce) {
      account.running += 1;
      return;
    }
    if (account.waiting.size >= maxWaiting) {
      throw new AppError('rate-limited', `You have ${maxWaiting} list queries waiting: send fewer at once.`);
    }
    const turn = Promise.withResolvers<void>();
    const leave = (): void => {
      account.waiting.delete(turn.resolve);
      turn.reject(callerLeft());
    };
    account.waiting.add(turn.resolve);
    signal.addEventListener('abort', leave, { once: true });
    await turn.promise.finally(() => signal.removeEventListener('abort', leave));
  };

  /** Hands the statement on to the next who waits, if anybody does. */
  const release = (owner: string, account: Account): void => {
    const [next] = account.waiting;
    if (next) {
      account.waiting.delete(next);
      next();
      return;
    }
    account.running -= 1;
    if (account.running === 0) accounts.delete(owner);
  };

  return {
    run: async (owner, signal, work) => {
      if (signal.aborted) throw callerLeft();
      const account = accounts.get(owner) ?? { running: 0, waiting: new Set() };
      accounts.set(owner, account);
      await enter(account, signal);
      try {
        return await work();
      } finally {
        release(owner, account);
      }
    },
  };
};
