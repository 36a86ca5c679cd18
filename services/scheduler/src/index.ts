export { schedulerProjection } from './read/scheduler-projection.ts';
export { schedulerConfig, type SchedulerConfig } from './scheduler-config.ts';
export { startScheduler } from './start.ts';
