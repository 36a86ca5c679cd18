import { AppError, hashPassword, verifyPassword } from '@cyborgbackup/kernel';
import { randomUUID } from 'node:crypto';

export interface Passwords {
  /** @throws AppError `unavailable` when too many are waiting */
  hash(password: string): Promise<string>;
  /**
   * Whether the password matches the hash. Without a hash it takes just as long and is false, so that the time does not tell
   * whether an account exists.
   * @throws AppError `unavailable` when too many are waiting
   */
  verify(password: string, hash: string | undefined): Promise<boolean>;
}

/**
 * One scrypt takes tens of milliseconds and megabytes, on purpose, so requests must not start any number of them. Two leave
 * free half of libuv's four threads, which signatures of tokens and others need.
 */
const AT_ONCE = 2;
const MAX_WAITING = 64;

export const createPasswords = (): Passwords => {
  const waiting: (() => void)[] = [];
  let running = 0;
  let dummy: Promise<string> | undefined;

  const enter = async (): Promise<void> => {
    if (running < AT_ONCE) {
      running += 1;
      return;
    }
    if (waiting.length >= MAX_WAITING) {
      throw new AppError('unavailable', 'Too many log-ins at once; try again shortly.');
    }
    await new Promise<void>((resolve) => waiting.push(resolve));
  };

  /** Lets the next one in, if any. */
  const leave = (): void => {
    const next = waiting.shift();
    if (next) next();
    else running -= 1;
  };

  const limited = async <T>(work: () => Promise<T>): Promise<T> => {
    await enter();
    try {
      return await work();
    } finally {
      leave();
    }
  };

  return {
    hash: (password) => limited(() => hashPassword(password)),
    verify: (password, hash) =>
      limited(async () => {
        dummy ??= hashPassword(randomUUID());
        const matches = await verifyPassword(password, hash ?? (await dummy));
        return hash !== undefined && matches;
      }),
  };
};
