export { Command, createZodPipe, validate } from './command.ts';
export * from './job-message.ts';
export { createJobQueue, type ConsumeOptions, type JobQueue, type JobQueueOptions } from './job-queue.ts';
export { createNatsConnection, type Connection, type ConnectionSettings } from './nats-connection.ts';
export { createRpcClient, type CallOptions, type RpcClient, type RpcClientOptions } from './rpc-client.ts';
export { createRpcService, type RpcService, type RpcServiceOptions } from './rpc-service.ts';
export { createSignals, type Signals } from './signals.ts';
export { createWakeUps, type WakeUpListener, type WakeUps } from './wake-ups.ts';
