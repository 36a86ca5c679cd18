export {
  claim,
  claimStream,
  readClaim,
  release,
  type Claim,
  type ClaimDeps,
  type ClaimState,
} from './commands/claims.ts';
export { claimEvents, type ClaimEvent } from './codec/claim-events.ts';
export { deriveKey, loadMasterKey, type MasterKeySource } from './crypto/master-key.ts';
export { createSubjectKeys, ERASURE_VISIBLE_MILLIS, type SubjectKeysOptions } from './crypto/postgres-subject-keys.ts';
export { isEncrypted, type SubjectKeys } from './crypto/subject-keys.ts';
export * from './codec/event-codec.ts';
export * from './port/event-store.ts';
export * from './commands/handle-command.ts';
export { chainHash, eventText, GENESIS_HASH, type EventText } from './port/hash-chain.ts';
export { loadState, type Evolver, type LoadDeps, type LoadedState } from './commands/load-state.ts';
export { MAX_APPEND_CHARACTERS } from './postgres/append/append-batch.ts';
export { installEventStore } from './postgres/install-event-store.ts';
export { createPostgresEventStore, verifyHeads } from './postgres/postgres-event-store.ts';
export { verifyLog, verifyStream, type ChainVerification } from './port/verify.ts';
