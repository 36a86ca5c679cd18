import { AppError, currentContext, type RequestContext } from '@cyborgbackup/kernel';
import type { Msg, MsgHdrs } from '@nats-io/transport-node';
import { createHash } from 'node:crypto';
import { contextHeaders, contextOf, contextText, ownContext } from './context-header.ts';
import type { Connection } from './nats-connection.ts';

const EXPIRES_HEADER = 'Cyborgbackup-Expires';
const SIGNER_HEADER = 'Cyborgbackup-Signer';
const SIGNATURE_HEADER = 'Cyborgbackup-Signature';

/** How long a signature counts, and by how much the clocks of two machines may differ. */
const VALID_MILLIS = 60_000;

type Speaker = Pick<Connection, 'trust' | 'name'>;

/** All that a signature holds together: another subject, body, user or time needs another one. JSON has no line breaks. */
const signedText = (subject: string, body: Uint8Array | string, expires: number, context: string): string =>
  ['cyborgbackup-call-1', subject, expires, createHash('sha256').update(body).digest('hex'), context].join('\n');

/**
 * The headers of a request: who calls, signed. The gateway says which user acts; every other process speaks for itself, with the
 * correlation of the request that it works on.
 */
export const signedHeaders = (
  { trust, name }: Speaker,
  message: { readonly subject: string; readonly body: Uint8Array | string; readonly deadlineMillis?: number },
): MsgHdrs => {
  const { subject, body, deadlineMillis } = message;
  const expires = Date.now() + VALID_MILLIS;
  const signed = (context: RequestContext): MsgHdrs => {
    const headers = contextHeaders(context, deadlineMillis);
    const signature = trust.sign?.(signedText(subject, body, expires, contextText(headers)));
    if (!signature) return headers;
    headers.set(EXPIRES_HEADER, String(expires));
    headers.set(SIGNER_HEADER, signature.signer);
    headers.set(SIGNATURE_HEADER, signature.value);
    return headers;
  };
  const current = currentContext();
  return signed(current && trust.name === 'gateway' ? current : ownContext(name));
};

/** One sentence each; there is nothing that a caller could do. */
const refusal = (message: string): AppError => new AppError('forbidden', message);

/**
 * The sender's context.
 * @throws AppError `forbidden` when the message is not signed by a service that may call this, or names a user and is not signed by
 * the gateway, or was signed for another message, or too long ago
 */
export const verifiedContext = (
  { trust }: Speaker,
  { subject, headers, data }: Pick<Msg, 'subject' | 'headers' | 'data'>,
  fallback: string,
): RequestContext => {
  const context = contextOf(headers, fallback);
  const isUser = context.actor.kind === 'user';
  if (!isUser && !trust.demandsSignature) return context;
  const signer = headers?.get(SIGNER_HEADER) ?? '';
  const expires = Number(headers?.get(EXPIRES_HEADER));
  const text = headers ? signedText(subject, data, expires, contextText(headers)) : '';
  if (!headers || !trust.isSignedBy(signer, subject, text, headers.get(SIGNATURE_HEADER))) {
    throw refusal(`${subject} carries no signature that fits it, of a service that may call it.`);
  }
  if (isUser && signer !== 'gateway') {
    throw refusal(`${subject} names a user who acts: only the gateway may do that, and ${signer} has signed it.`);
  }
  if (Math.abs(expires - VALID_MILLIS - Date.now()) > VALID_MILLIS) {
    throw refusal(`The signature of ${subject} has expired: set the clocks of the machines that the services run on.`);
  }
  return context;
};
