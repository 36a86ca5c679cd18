import { AppError, type RequestContext } from '@cyborgbackup/kernel';
import { headers as createHeaders, type Msg, type MsgHdrs } from '@nats-io/transport-node';
import type { Connection } from '../connection/nats-connection.ts';
import {
  datedHeaders,
  provenContext,
  provenText,
  signedHeaders,
  verifiedContext,
} from '../connection/signed-context.ts';

/** Nest wants an id on every request. The reply's inbox already tells requests apart. */
export const REQUEST_ID = '1';

/** In a request: the caller's key. In an answer: that it is sealed. */
const SEALED_HEADER = 'Cyborgbackup-Sealed';
const PROOF_HEADER = 'Cyborgbackup-Proof';

export interface WrappedCall {
  readonly body: Uint8Array | string;
  readonly headers: MsgHdrs;
  /** @throws AppError `forbidden` when it was not sealed for us */
  openAnswer(answer: Msg): { readonly data: Uint8Array; readonly isAuthentic: boolean };
}

/** A request as it is sent: sealed for the service where its key is known, otherwise signed. */
export const wrapCall = (
  connection: Connection,
  call: { readonly subject: string; readonly text: string; readonly deadlineMillis: number },
): WrappedCall => {
  const { subject, text, deadlineMillis } = call;
  const [service = ''] = subject.split('.', 1);
  const seal = connection.trust.sealFor(service);
  if (!seal) {
    const headers = signedHeaders(connection, { subject, body: text, deadlineMillis });
    return { body: text, headers, openAnswer: ({ data }) => ({ data, isAuthentic: true }) };
  }
  const headers = datedHeaders(connection, deadlineMillis);
  const body = seal.sealRequest(provenText(subject, headers), text);
  headers.set(SEALED_HEADER, seal.callerKey);
  headers.set(PROOF_HEADER, seal.proof);
  return {
    body,
    headers,
    openAnswer: (answer) => {
      if (!answer.headers?.has(SEALED_HEADER)) return { data: answer.data, isAuthentic: false };
      return { data: seal.openAnswer(body, answer.data), isAuthentic: true };
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
  const { subject, headers, data } = message;
  const callerKey = headers?.get(SEALED_HEADER);
  if (!headers || !callerKey) {
    const context = verifiedContext(connection, message, 'unknown');
    return { context, data, respond: (text) => void message.respond(text) };
  }
  const seal = connection.trust.sealOf(callerKey, headers.get(PROOF_HEADER));
  const opened = seal.openRequest(provenText(subject, headers), data);
  return {
    context: provenContext(connection, message, seal.caller),
    data: opened,
    respond: (text) => {
      const answer = createHeaders();
      answer.set(SEALED_HEADER, 'yes');
      message.respond(seal.sealAnswer(data, text), { headers: answer });
    },
  };
};

/** An answer in clear to a sealed call may be a refusal, and nothing else. */
export const notSealed = (subject: string): AppError =>
  new AppError('internal', `The answer to ${subject} came in clear, though the call was sealed: it is not believed.`);
