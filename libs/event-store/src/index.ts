export * from './crypto/subject-keys.ts';
export * from './event-codec.ts';
export * from './event-id.ts';
export * from './event-store.ts';
export * from './handle-command.ts';
export * from './hash-chain.ts';
export { loadState, type Evolver, type LoadDeps, type LoadedState } from './load-state.ts';
