import { expect, it } from 'vitest';
import { kindOf } from './run-kind.ts';

it.each([
  [
    'backup',
    'policy',
    [
      { job_type: 'check', task: 'client' },
      { job_type: 'job', task: null },
    ],
  ],
  ['restore', 'policy', [{ job_type: 'restore', task: null }]],
  ['drill', 'policy', [{ job_type: 'restore', task: 'drill' }]],
  ['restore', null, [{ job_type: 'restore', task: null }]],
  ['check', null, [{ job_type: 'check', task: 'archives' }]],
  ['integrity', null, [{ job_type: 'integrity', task: null }]],
] as const)('takes a run for a %s (policy: %s)', (kind, policy, jobs) => {
  expect(kindOf(policy, jobs)).toBe(kind);
});
