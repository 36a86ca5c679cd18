export { toCatalogEntry } from './catalog/catalog-entry.ts';
export { executorConfig, type ExecutorConfig } from './executor-config.ts';
export { beginListing, type CatalogCall, type ListingSession } from './listing/listing-session.ts';
export { executorProjection } from './read/executor-projection.ts';
export { startExecutor } from './start.ts';
