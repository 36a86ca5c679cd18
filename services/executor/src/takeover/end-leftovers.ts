import type { BorgRunner } from '@cyborgbackup/borg';

export type EndLeftovers = (
  runner: BorgRunner,
  job: string,
  options?: { readonly signal?: AbortSignal },
) => Promise<number>;
