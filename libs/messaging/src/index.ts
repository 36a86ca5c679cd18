export type { ByteSink } from './streams/byte-sender.ts';
export { BYTE_STREAM_LIMITS, FRAME_BYTES, type ByteStreamLimits } from './streams/byte-stream-limits.ts';
export { openByteStream, type OpenByteStreamOptions, type OpenedByteStream } from './streams/byte-stream-reader.ts';
export { serveByteStreams, type ByteStreamServer, type ByteStreamServerOptions } from './streams/byte-stream-server.ts';
export * from './jobs/job-message.ts';
export type { ConsumeOptions } from './jobs/job-consumer.ts';
export { createJobQueue, type JobQueue, type JobQueueOptions } from './jobs/job-queue.ts';
export { JOB_CONSUMER } from './jobs/job-streams.ts';
export { createNatsConnection, type Connection, type ConnectionSettings } from './connection/nats-connection.ts';
export { createRpcClient, type CallOptions, type RpcClient, type RpcClientOptions } from './rpc/rpc-client.ts';
export { rpcController } from './rpc/rpc-controller.ts';
export { createRpcService, type RpcService, type RpcServiceOptions } from './rpc/rpc-service.ts';
export { createSignals, type Signals } from './signals/signals.ts';
export {
  createAppendNotifications,
  type AppendListener,
  type AppendNotifications,
} from './signals/append-notifications.ts';
