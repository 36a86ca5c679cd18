import type { OccurrenceEvent, RunEvent } from '@cyborgbackup/contracts';

type Accounting = Extract<RunEvent, { type: 'run-requested' }> | OccurrenceEvent;

/** Up to when an event accounts for occurrences, ISO 8601; null for a run that no schedule started. */
export const accountsUntil = ({ type, data }: Accounting): string | null => {
  if (type === 'run-requested') return data.due_at;
  return data.until === null ? data.due_at : new Date(Date.parse(data.until) - 1).toISOString();
};
