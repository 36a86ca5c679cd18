export { catalogProjection } from './read/catalog-projection.ts';
export { startCatalog } from './start.ts';
