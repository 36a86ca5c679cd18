import { AppError, currentContext, type RequestContext } from '@cyborgbackup/kernel';
import type { Msg, MsgHdrs } from '@nats-io/transport-node';
import { createHash } from 'node:crypto';
import { contextHeaders, contextOf, contextText, ownContext } from './context-header.ts';
import type { Connection } from './nats-connection.ts';

const EXPIRES_HEADER = 'Cyborgbackup-Expires';
const SIGNATURE_HEADER = 'Cyborgbackup-Signature';

/** How long a signature counts, and by how much the clocks of two machines may differ. */
const VALID_MILLIS = 60_000;

type Speaker = Pick<Connection, 'trust' | 'name'>;

/** All that a signature holds together: another subject, body, user or time needs another one. JSON has no line breaks. */
const signedText = (subject: string, body: Uint8Array | string, expires: number, context: string): string =>
  ['cyborgbackup-actor-1', subject, expires, createHash('sha256').update(body).digest('hex'), context].join('\n');

/**
 * The headers of a request. The gateway signs which user acts; every other process speaks for itself, with the correlation of the
 * request that it works on.
 */
export const signedHeaders = (
  { trust, name }: Speaker,
  message: { readonly subject: string; readonly body: Uint8Array | string; readonly deadlineMillis?: number },
): MsgHdrs => {
  const { subject, body, deadlineMillis } = message;
  const current = currentContext();
  if (current?.actor.kind !== 'user' || !trust.signActor) return contextHeaders(ownContext(name), deadlineMillis);
  const headers = contextHeaders(current, deadlineMillis);
  const expires = Date.now() + VALID_MILLIS;
  headers.set(EXPIRES_HEADER, String(expires));
  headers.set(SIGNATURE_HEADER, trust.signActor(signedText(subject, body, expires, contextText(headers))));
  return headers;
};

/**
 * The sender's context.
 * @throws AppError `forbidden` when it names a user and the gateway has not signed that, or not for this message, or too long ago
 */
export const verifiedContext = (
  { trust }: Speaker,
  { subject, headers, data }: Pick<Msg, 'subject' | 'headers' | 'data'>,
  fallback: string,
): RequestContext => {
  const context = contextOf(headers, fallback);
  if (context.actor.kind !== 'user') return context;
  const expires = Number(headers?.get(EXPIRES_HEADER));
  const signature = headers?.get(SIGNATURE_HEADER) ?? '';
  if (headers && trust.isSignedByGateway(signedText(subject, data, expires, contextText(headers)), signature)) {
    if (Math.abs(expires - VALID_MILLIS - Date.now()) <= VALID_MILLIS) return context;
    throw new AppError(
      'forbidden',
      `The signature of ${subject} has expired: set the clocks of the machines that the services run on.`,
    );
  }
  throw new AppError(
    'forbidden',
    `${subject} names a user who acts, which only the gateway may: it carries no signature of the gateway that fits it.`,
  );
};
