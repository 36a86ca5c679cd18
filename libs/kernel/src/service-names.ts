/** The services that a process may be; also the first part of their calls' subjects, and the end of their database roles' names. */
export const SERVICE_NAMES = ['gateway', 'inventory', 'scheduler', 'executor', 'catalog'] as const;
export type ServiceName = (typeof SERVICE_NAMES)[number];
