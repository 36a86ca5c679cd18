export { executorConfig, type ExecutorConfig } from './executor-config.ts';
export { executorProjection } from './read/job-events.ts';
export { startExecutor } from './start.ts';
