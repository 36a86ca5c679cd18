export { announceCheckpoint, onCheckpointNews } from './checkpoint-news.ts';
export {
  createCheckpointWaiter,
  type CheckpointWaiter,
  type CheckpointWaiterOptions,
  type WaitOptions,
} from './checkpoint-waiter.ts';
export { checkpointReached, readCheckpoint, readPositions, type Checkpoint } from './checkpoint.ts';
export { compareProjection, MAX_DIFFERENCES, type Comparison, type RowDifference } from './compare-projection.ts';
export { ensureProjection } from './ensure-projection.ts';
export { foldEvents, type GivenEvent } from './fold-events.ts';
export { holdLease, type HoldLeaseOptions } from './hold-lease.ts';
export { freeLeases } from './free-leases.ts';
export { installProjections, READER_ROLE } from './install-projections.ts';
export { listParked, parkedCount, type ParkedEvent } from './parked-events.ts';
export { PoisonEventError } from './poison-event.ts';
export { type ProjectionStep, type StepTarget } from './projection-step.ts';
export { defineProjection, type Projection } from './projection.ts';
export { defineReadModel, type Changes, type EventHandler, type ReadModel } from './read-model.ts';
export { rebuildProjection } from './rebuild-projection.ts';
export { type ProjectionOptions } from './projection-options.ts';
export { runProjection, type RunProjectionOptions } from './run-projection.ts';
export { type AnyRow, type Change, type Folded, type RowUpdate, type TableChanges } from './table-changes.ts';
