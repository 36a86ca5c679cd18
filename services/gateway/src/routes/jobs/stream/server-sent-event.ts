/** One message of a stream of server-sent events; `id` is what a reader that comes back sends as Last-Event-ID. */
export interface ServerSentEvent {
  readonly event: string;
  readonly id?: string;
  readonly data: unknown;
}

/** JSON has no line breaks of its own, so one `data` line is enough. */
export const serverSentEvent = ({ event, id, data }: ServerSentEvent): string =>
  `event: ${event}\n${id === undefined ? '' : `id: ${id}\n`}data: ${JSON.stringify(data)}\n\n`;

/** Keeps proxies from giving up a silent connection, and shows whether there is still a reader. */
export const HEARTBEAT = ': still here\n\n';

/** How long a reader waits before it comes back. */
export const retryAfter = (millis: number): string => `retry: ${millis}\n\n`;
