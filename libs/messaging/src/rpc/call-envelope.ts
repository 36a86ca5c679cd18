import { AppError, type RequestContext } from '@cyborgbackup/kernel';
import { headers as createHeaders, type Msg, type MsgHdrs } from '@nats-io/transport-node';
import type { Connection } from '../connection/nats-connection.ts';
import { signedHeaders, verifiedContext } from '../connection/signed-context.ts';

/** Nest wants an id on every request. The reply's inbox already tells requests apart. */
export const REQUEST_ID = '1';

/** In a request: the caller's key. In an answer: that it is sealed. */
const SEALED_HEADER = 'Cyborgbackup-Sealed';

export interface WrappedCall {
  readonly body: Uint8Array | string;
  readonly headers: MsgHdrs;
  /** @throws AppError `forbidden` when it was not sealed for us */
  openAnswer(answer: Msg): { readonly data: Uint8Array; readonly isAuthentic: boolean };
}

/** A request as it is sent: sealed for the service where its key is known, and signed where a user acts. */
export const wrapCall = (
  connection: Connection,
  call: { readonly subject: string; readonly text: string; readonly deadlineMillis: number },
): WrappedCall => {
  const { subject, text, deadlineMillis } = call;
  const [service = ''] = subject.split('.', 1);
  const seal = connection.trust.sealFor(service);
  const body = seal ? seal.sealRequest(subject, text) : text;
  const headers = signedHeaders(connection, { subject, body, deadlineMillis });
  if (seal) headers.set(SEALED_HEADER, seal.callerKey);
  return {
    body,
    headers,
    openAnswer: (answer) => {
      if (!seal) return { data: answer.data, isAuthentic: true };
      if (!answer.headers?.has(SEALED_HEADER)) return { data: answer.data, isAuthentic: false };
      return { data: seal.openAnswer(subject, answer.data), isAuthentic: true };
    },
  };
};

export interface UnwrappedCall {
  readonly context: RequestContext;
  readonly data: Uint8Array;
  /** Answers as the request came: sealed or in clear. */
  respond(text: string): void;
}

/**
 * A request as it was sent.
 * @throws AppError `forbidden` when it cannot be opened, or names a user without the gateway's signature
 */
export const unwrapCall = (connection: Connection, message: Msg): UnwrappedCall => {
  const context = verifiedContext(connection, message, 'unknown');
  const callerKey = message.headers?.get(SEALED_HEADER);
  if (!callerKey) return { context, data: message.data, respond: (text) => void message.respond(text) };
  const seal = connection.trust.sealOf(callerKey);
  return {
    context,
    data: seal.openRequest(message.subject, message.data),
    respond: (text) => {
      const headers = createHeaders();
      headers.set(SEALED_HEADER, 'yes');
      message.respond(seal.sealAnswer(message.subject, text), { headers });
    },
  };
};

/** An answer in clear to a sealed call may be a refusal, and nothing else. */
export const notSealed = (subject: string): AppError =>
  new AppError('internal', `The answer to ${subject} came in clear, though the call was sealed: it is not believed.`);
