import type { PolicyRow } from './query.ts';

/** When the policy is due next, `2018-11-26T05:00:00Z`; null when it or its schedule is disabled, or never due again. */
export const nextRun = (_row: PolicyRow, _now: number): string | null => null;
