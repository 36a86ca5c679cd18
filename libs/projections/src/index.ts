export { defineProjection, type Projection, type ProjectionStep, type StepTarget } from './define/projection.ts';
export { defineReadModel, type Changes, type ReadModel } from './define/read-model.ts';
export { type Change, type TableChanges } from './define/table-changes.ts';
export { foldEvents } from './fold/fold-events.ts';
export { readCheckpoint, readPositions } from './lease/checkpoint.ts';
export { holdLease } from './lease/hold-lease.ts';
export { freeLeases } from './lease/lease.ts';
export { compareProjection, type Comparison } from './rebuild/compare-projection.ts';
export { rebuildProjection } from './rebuild/rebuild-projection.ts';
export { runProjection } from './run/run-projection.ts';
export { ensureProjection, installProjections } from './schema/ensure-projection.ts';
export { leaseTrouble, projectionTrouble, type KnownProjection } from './schema/standing.ts';
export { listParked, parkedCount, type ParkedEvent } from './schema/parked-events.ts';
export {
  createProjectionWaiter,
  WAIT_MILLIS,
  type ProjectionWaiter,
  type WaitTarget,
} from './wait/projection-waiter.ts';
