import type { SubjectKeys } from '@cyborgbackup/event-store';
import { canonicalJson, isAppError, nameUuid, type EncryptedValue } from '@cyborgbackup/kernel';
import { createHmac, randomUUID } from 'node:crypto';
import { z } from 'zod';
import type { ApiAnswer, ApiRequest } from '../http/core/endpoint.ts';
import { badRequest, conflict, HttpError } from '../http/core/http-error.ts';
import type { IdempotencyKeys } from './idempotency-keys.ts';

interface KeyedRequest {
  /** The Idempotency-Key header; empty when there is none. */
  readonly key: string;
  /** The caller's uuid: keys of different callers have nothing to do with each other. */
  readonly owner: string;
  readonly path: string;
  readonly body: unknown;
}

export interface Idempotency {
  /**
   * Does the work, or answers as it was answered when the same key was used before.
   * @throws HttpError 409 when the key belongs to another request, or to one that is being worked on
   */
  run(request: KeyedRequest, work: (ids: ApiRequest['ids']) => Promise<ApiAnswer>): Promise<ApiAnswer>;
}

interface IdempotencyDeps {
  readonly store: IdempotencyKeys;
  /** Answers may hold a secret that is shown once, so they are kept sealed. */
  readonly keys: SubjectKeys;
  /** 32 bytes; makes fingerprints of bodies (which may hold passwords). */
  readonly secret: Buffer;
}

const SUBJECT = 'gateway-answers';
const KEY = /^[\x20-\x7e]{1,255}$/;

const storedAnswer = z.object({
  status: z.int().optional(),
  body: z.unknown().optional(),
  type: z.string().optional(),
  headers: z.record(z.string(), z.string()).optional(),
});

const randomIds = (): ApiRequest['ids'] => ({ uuid: randomUUID(), command_id: randomUUID() });

/** True when the work certainly changed nothing, because the request itself was refused. */
const wasRefused = (error: unknown): boolean => {
  if (error instanceof HttpError) return error.status < 500;
  return isAppError(error) && !['deadline', 'unavailable', 'internal'].includes(error.code);
};

/**
 * A key goes through these states:
 *
 *   new -- first request --> taken -- success --> answered, for 24 hours from the first request, then new
 *                                  -- refusal --> new: the caller mends the request and may use the key for it
 *                                  -- failure on our side, or a minute without an end --> free for the same request
 *
 * A request that finds its key taken is answered 409. One that takes up a free key creates nothing twice, even if the request
 * before it was half done: the names of what is created follow from the key's seed, so a command that is sent again finds its
 * own events.
 */
export const createIdempotency = ({ store, keys, secret }: IdempotencyDeps): Idempotency => {
  const hmac = (...parts: readonly string[]): Buffer =>
    createHmac('sha256', secret).update(JSON.stringify(parts)).digest();

  const replay = async (sealed: EncryptedValue): Promise<ApiAnswer> => {
    const text = await keys.open(sealed);
    const { status, body, type, headers } = storedAnswer.parse(JSON.parse(text ?? 'null'));
    return {
      body,
      headers: { ...headers, 'Idempotency-Replayed': 'true' },
      ...(status === undefined ? {} : { status }),
      ...(type === undefined ? {} : { type }),
    };
  };

  return {
    run: async ({ key, owner, path, body }, work) => {
      if (key === '') return work(randomIds());
      if (!KEY.test(key)) throw badRequest('An Idempotency-Key is 1 to 255 printable ASCII characters.');
      const id = hmac('key', owner, key).toString('base64');
      const fingerprint = hmac('request', path.replace(/\/$/, ''), canonicalJson(body)).toString('base64');
      const found = await store.take(id, fingerprint);
      if (found.kind !== 'taken') {
        if (found.fingerprint !== fingerprint) throw conflict('This Idempotency-Key was used for another request.');
        if (found.kind === 'answered') return replay(found.answer);
        throw conflict('A request with this Idempotency-Key is being worked on.');
      }
      const { seed } = found;
      try {
        const answer = await work({ uuid: nameUuid(seed, 'uuid'), command_id: nameUuid(seed, 'command') });
        await store.keep(id, await keys.seal(SUBJECT, JSON.stringify(answer)));
        return answer;
      } catch (error) {
        await (wasRefused(error) ? store.forget(id) : store.free(id));
        throw error;
      }
    },
  };
};
