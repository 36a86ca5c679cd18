import type { AuthHandlerMiddleware } from 'ssh2';
import type { RefusedLogin } from './error.ts';

/** How we log in. */
export interface KeyOffer {
  readonly handler: AuthHandlerMiddleware;
  /** How many keys were offered. */
  readonly tried: () => number;
  readonly refused: () => RefusedLogin;
}

/** Offers one key after the other, as long as the host takes keys. */
export const offerKeys = (user: string, keys: readonly (string | undefined)[]): KeyOffer => {
  let tried = 0;
  let refused: RefusedLogin = { isPartial: false, methods: undefined };
  return {
    handler: (methods, isPartial, next) => {
      // The type declarations do not know that there is no answer yet the first time.
      const left = methods as readonly string[] | null;
      refused = { isPartial: refused.isPartial || isPartial, methods: left ?? undefined };
      const key = left === null || left.includes('publickey') ? keys[tried] : undefined;
      // Nor another way to say that there is nothing more to try.
      if (key === undefined) return false;
      tried += 1;
      next({ type: 'publickey', username: user, key });
      return undefined;
    },
    tried: () => tried,
    refused: () => refused,
  };
};
