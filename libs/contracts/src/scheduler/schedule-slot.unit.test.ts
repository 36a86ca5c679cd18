import { expect, it } from 'vitest';
import { scheduleSlotSkipped } from './schedule-slot.ts';

it('a slot that was skipped by the first release was one of a backup', () => {
  const skipped = {
    policy: '7b4a3a86-3f5e-4b36-9a2e-6d9c9b1c7f01',
    due_at: '2026-01-02T03:00:00.000Z',
    until: null,
    reason: 'A run of the policy had not ended yet.',
  };
  expect(scheduleSlotSkipped.schema.parse(skipped)).toEqual({ ...skipped, repository: null, kind: 'backup' });
});
