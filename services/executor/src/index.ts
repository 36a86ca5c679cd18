export { toCatalogEntry } from './jobs/catalog/catalog-entry.ts';
export { executorConfig, type ExecutorConfig } from './executor-config.ts';
export type { CatalogCall } from './jobs/catalog/listing/entry-recorder.ts';
export { beginListing, type ListingSession } from './jobs/catalog/listing/listing-session.ts';
export { executorProjection } from './tables/executor-projection.ts';
export { startExecutor } from './start.ts';
