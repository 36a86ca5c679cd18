export { isListed, mayHaveId, type ArchiveRow, type ArchiveSeriesRow, type ListedArchive } from './catalog/archives.ts';
export {
  NOT_ENDED,
  type EntryAttributesRow,
  type EntryNameRow,
  type EntryRow,
  type FolderRow,
} from './catalog/entries.ts';
export {
  attributesOf,
  folderOf,
  hasPath,
  isHealthy,
  isInArchive,
  isInSequence,
  nameOf,
  PATH_COLUMNS,
} from './catalog/entry-sql.ts';
export { hasArchive, type BackupRow, type CheckRow, type DrillRow } from './executor/backups.ts';
export { type JobEventRow } from './executor/job-events.ts';
export { type AttemptRow, type RunRow } from './executor/runs.ts';
export { type ClientRow, type HostKeyRow } from './inventory/clients.ts';
export { type PolicyRow, type ScheduleRow } from './inventory/policies.ts';
export { type RepositoryRow } from './inventory/repositories.ts';
export { CONTROL_PLANE_KEY, type SettingRow, type SshKeyRow } from './inventory/settings.ts';
export { type RowStamps } from './inventory/stamps.ts';
export { type ApiTokenRow, type SessionRow, type UserRow } from './inventory/users.ts';
export { type GrantRow, type GrantsVersionRow, type PendingExtensionRow } from './scheduler/grants.ts';
export { ACTIVE_JOB_STATUSES, isActiveStatus, type JobRow, type JobStatus } from './scheduler/jobs.ts';
export {
  type EntryTerms,
  type FormerValues,
  type RepositorySwitch,
  type ScheduleTimes,
  type TimetableEntry,
  type TimetableRepository,
  type TimetableSchedule,
} from './scheduler/timetable.ts';
export { catalog, executor, inventory, scheduler } from './tables.ts';
