export { catalogProjection } from './fold/catalog-projection.ts';
export { startCatalog } from './start.ts';
