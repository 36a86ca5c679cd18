export {
  defineProjection,
  type Projection,
  type ProjectionOptions,
  type ProjectionStep,
  type StepTarget,
} from './define/projection.ts';
export { defineReadModel, type Changes, type EventHandler, type ReadModel } from './define/read-model.ts';
export { type AnyRow, type Change, type Folded, type RowUpdate, type TableChanges } from './define/table-changes.ts';
export { foldEvents, type PartialEvent } from './fold/fold-events.ts';
export { PoisonEventError } from './fold/poison-event.ts';
export { readCheckpoint, readPositions, type Checkpoint } from './lease/checkpoint.ts';
export { holdLease, type HoldLeaseOptions } from './lease/hold-lease.ts';
export { freeLeases } from './lease/lease.ts';
export {
  compareProjection,
  MAX_DIFFERENCES,
  type Comparison,
  type RowDifference,
} from './rebuild/compare-projection.ts';
export { rebuildProjection } from './rebuild/rebuild-projection.ts';
export { runProjection, type RunProjectionOptions } from './run/run-projection.ts';
export { ensureProjection, installProjections } from './schema/ensure-projection.ts';
export { listParked, parkedCount, type ParkedEvent } from './schema/parked-events.ts';
export {
  createProjectionWaiter,
  WAIT_MILLIS,
  type ProjectionWaiter,
  type ProjectionWaiterOptions,
  type WaitTarget,
} from './wait/projection-waiter.ts';
