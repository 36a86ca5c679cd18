import { randomUUID } from 'node:crypto';
import { SNAPSHOT_DEFAULTS } from './job-events.ts';
import type { ResolvedPolicy } from '../runs/planning/draft-jobs.ts';

/** A policy with clients named after it, all of it ready. */
export const somePolicy = (
  id: number,
  options: Partial<ResolvedPolicy> & { clientCount?: number } = {},
): ResolvedPolicy => {
  const { clientCount = 1, ...overrides } = options;
  return {
    policy: {
      id,
      uuid: randomUUID(),
      name: `policy${id}`,
      policy_type: 'folders',
      keep_hourly: null,
      keep_daily: 7,
      keep_weekly: null,
      keep_monthly: null,
      keep_yearly: null,
      vmprovider: '',
      mode_pull: false,
      ...SNAPSHOT_DEFAULTS,
      enabled: true,
    },
    repository: { id, uuid: randomUUID(), name: `repository${id}`, path: '/srv/borg', ready: true, enabled: true },
    schedule: { id, name: 'nightly', enabled: true },
    clients: Array.from({ length: clientCount }, (_, index) => ({
      id: id * 100 + index,
      uuid: randomUUID(),
      hostname: `host${id}-${index + 1}`,
      port: 22,
      bandwidth_limit: null,
      ready: true,
      enabled: true,
      hypervisor_ready: false,
    })),
    extra_vars: '{"folders":["/etc"]}',
    prehook: '',
    posthook: '',
    catalog_enabled: true,
    auto_prune: true,
    ...overrides,
  };
};
