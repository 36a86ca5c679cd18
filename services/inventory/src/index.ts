export { adminConfig, type AdminConfig } from './user/admin-config.ts';
export { inventoryProjection } from './inventory-projection.ts';
export { startInventory, type InventoryService } from './start.ts';
export type { InitialAdmin } from './user/first-administrator.ts';
