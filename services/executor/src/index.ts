export { toCatalogEntry } from './jobs/catalog/catalog-entry.ts';
export { executorConfig, type ExecutorConfig } from './executor-config.ts';
export { executorProjection } from './read/executor-projection.ts';
export { startExecutor } from './start.ts';
