export { adminConfig, type AdminConfig } from './admin-config.ts';
export { inventoryProjection } from './read/inventory-projection.ts';
export { startInventory, type InventoryService } from './start.ts';
export type { InitialAdmin } from './user/first-administrator.ts';
