export { toCatalogEntry } from './catalog/catalog-entry.ts';
export { executorConfig, type ExecutorConfig } from './executor-config.ts';
export type { CatalogCall } from './listing/entry-recorder.ts';
export { beginListing, type ListingSession } from './listing/listing-session.ts';
export { executorProjection } from './read/executor-projection.ts';
export { startExecutor } from './start.ts';
