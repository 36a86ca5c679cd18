import { AppError } from '@cyborgbackup/kernel';
import type { ResolvedPolicy } from './planning/draft-jobs.ts';

const disabled = (what: string, name: string): AppError =>
  new AppError('conflict', `The ${what} "${name}" is disabled: enable it first.`);

/** @throws AppError `conflict` when the policy or its repository is switched off */
export const checkEnabled = ({ policy, repository }: ResolvedPolicy): void => {
  if (!policy.enabled) throw disabled('policy', policy.name);
  if (!repository.enabled) throw disabled('repository', repository.name);
};

/** @throws AppError `conflict` when something that a run of the policy needs is switched off */
export const checkLaunch = (resolved: ResolvedPolicy): void => {
  checkEnabled(resolved);
  if (!resolved.schedule.enabled) throw disabled('schedule', resolved.schedule.name);
  if (!resolved.clients.some(({ enabled }) => enabled)) {
    throw new AppError(
      'conflict',
      `The policy "${resolved.policy.name}" has no enabled client: add one, or enable one of its clients.`,
    );
  }
};
