export type { ByteSink } from './streams/byte-sender.ts';
export { FRAME_BYTES } from './streams/byte-stream-limits.ts';
export { openByteStream } from './streams/byte-stream-reader.ts';
export { serveByteStreams, type ByteStreamServer } from './streams/byte-stream-server.ts';
export { RetryLater, type DeadHandler, type JobHandler, type JobMessage } from './jobs/job-message.ts';
export { createJobQueue, prepareJobQueue, type JobQueue } from './jobs/job-queue.ts';
export { createNatsConnection, type Connection } from './connection/nats-connection.ts';
export { callersOf, prepareAccess, serviceAccess, standaloneAccess, type NatsAccess } from './access/service-access.ts';
export { natsAuthorization, natsUser, type NatsUser } from './access/nats-authorization.ts';
export {
  createOwnTrust,
  createServiceTrust,
  formatDirectory,
  SERVICE_NAMES,
  type CallTrust,
  type ServiceName,
} from './identity/call-trust.ts';
export { randomServiceSecret, serviceIdentity } from './identity/service-identity.ts';
export { createRpcClient, type RpcClient } from './rpc/rpc-client.ts';
export { rpcController } from './rpc/rpc-controller.ts';
export { createRpcService, type RpcService } from './rpc/rpc-service.ts';
export { createSignals, type Signals } from './signals/signals.ts';
export { createAppendNotifications } from './signals/append-notifications.ts';
export { ACK_WAIT_MILLIS, HEARTBEATS_PER_ACK_WAIT } from './jobs/job-streams.ts';
