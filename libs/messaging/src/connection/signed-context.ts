import { AppError, currentContext, type RequestContext } from '@cyborgbackup/kernel';
import type { Msg, MsgHdrs } from '@nats-io/transport-node';
import { createHash } from 'node:crypto';
import { contextHeaders, contextOf, contextText, ownContext } from './context-header.ts';
import type { Connection } from './nats-connection.ts';

const EXPIRES_HEADER = 'Cyborgbackup-Expires';
const SIGNER_HEADER = 'Cyborgbackup-Signer';
const SIGNATURE_HEADER = 'Cyborgbackup-Signature';

/** How long a call counts, and by how much the clocks of two machines may differ. */
const VALID_MILLIS = 60_000;

export type Speaker = Pick<Connection, 'trust' | 'name'>;

/**
 * The headers of a call that say who acts, and until when it counts. The gateway says which user acts; every other process speaks
 * for itself, with the correlation of the request that it works on.
 */
export const datedHeaders = ({ trust, name }: Speaker, deadlineMillis?: number): MsgHdrs => {
  const current = currentContext();
  const headers = contextHeaders(current && trust.name === 'gateway' ? current : ownContext(name), deadlineMillis);
  headers.set(EXPIRES_HEADER, String(Date.now() + VALID_MILLIS));
  return headers;
};

/** What the proof of a call holds together with its body: another subject, time or actor needs another one. JSON has no line breaks. */
export const provenText = (subject: string, headers: MsgHdrs): string =>
  ['cyborgbackup-call-1', subject, headers.get(EXPIRES_HEADER), contextText(headers)].join('\n');

const signedText = (subject: string, headers: MsgHdrs, body: Uint8Array | string): string =>
  `${provenText(subject, headers)}\n${createHash('sha256').update(body).digest('hex')}`;

/** The headers of a call in clear, signed. A sealed call carries its proof in the seal. */
export const signedHeaders = (
  speaker: Speaker,
  message: { readonly subject: string; readonly body: Uint8Array | string; readonly deadlineMillis?: number },
): MsgHdrs => {
  const { subject, body, deadlineMillis } = message;
  const headers = datedHeaders(speaker, deadlineMillis);
  const signature = speaker.trust.sign?.(signedText(subject, headers, body));
  if (!signature) return headers;
  headers.set(SIGNER_HEADER, signature.signer);
  headers.set(SIGNATURE_HEADER, signature.value);
  return headers;
};

/** There is nothing that a caller could do about it. */
const refusal = (message: string): AppError => new AppError('forbidden', message);

/**
 * The context of a call of which it is proven that `signer` made it.
 * @throws AppError `forbidden` when that service may not call this, or not for a user, or when the call is too old
 */
export const provenContext = (
  { trust }: Speaker,
  { subject, headers }: Pick<Msg, 'subject' | 'headers'>,
  signer: string,
): RequestContext => {
  const context = contextOf(headers, signer);
  if (!trust.mayCall(signer, subject)) throw refusal(`${subject} carries no signature of a service that may call it.`);
  if (context.actor.kind === 'user' && signer !== 'gateway') {
    throw refusal(`${subject} names a user who acts: only the gateway may do that, and ${signer} has signed it.`);
  }
  const expires = Number(headers?.get(EXPIRES_HEADER));
  if (!(Math.abs(expires - VALID_MILLIS - Date.now()) <= VALID_MILLIS)) {
    throw refusal(`The signature of ${subject} has expired: set the clocks of the machines that the services run on.`);
  }
  return context;
};

/**
 * The context of a call in clear.
 * @throws AppError `forbidden` when it is not signed by a service that may make it; as `provenContext`
 */
export const verifiedContext = (
  speaker: Speaker,
  message: Pick<Msg, 'subject' | 'headers' | 'data'>,
  fallback: string,
): RequestContext => {
  const { subject, headers, data } = message;
  const { trust } = speaker;
  const context = contextOf(headers, fallback);
  if (context.actor.kind === 'system' && !trust.demandsSignature) return context;
  const signer = headers?.get(SIGNER_HEADER) ?? '';
  if (headers && trust.isSignedBy(signer, signedText(subject, headers, data), headers.get(SIGNATURE_HEADER))) {
    return provenContext(speaker, message, signer);
  }
  throw refusal(`${subject} carries no signature that fits it, of a service that may call it.`);
};
