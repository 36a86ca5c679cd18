import type { ArchiveEntry } from '@cyborgbackup/borg';
import { RUN_ON_REPOSITORY_HOST_SETTING, type RestoreRequest } from '@cyborgbackup/contracts';
import type { JobContext } from '../../job/job-context.ts';
import { JobFailure } from '../../job/job-failure.ts';
import { archiveOf } from '../../job/job-plan.ts';
import { decideReplacement, type Replacement } from './compare-entry.ts';
import { statPaths } from './file-facts.ts';
import type { LongestPath } from './folders.ts';
import type { MoveResult } from './move-into-place.ts';
import type { createParentFolders } from './parent-folders.ts';
import type { RestoreTarget } from './restore-target.ts';
import type { SelectedEntries } from './selected-entries.ts';
import { createUnmatched, describeSelection, type Selection } from './selection.ts';

/** What a restore would do. Files are all items but folders. */
export interface RestorePlan extends Omit<MoveResult, 'folders'> {
  /** Of the whole selection. */
  readonly files: number;
  readonly bytes: number;
}

export const EMPTY_PLAN: RestorePlan = { files: 0, bytes: 0, replaced: 0, kept_both: 0, skipped: 0, skippedBytes: 0 };

const SIGNS: Readonly<Record<Replacement, string>> = {
  write: 'new      ',
  replace: 'replace  ',
  skip: 'skip     ',
  'keep-both': 'keep both',
};

interface PlanOptions {
  readonly replace: RestoreRequest['replace'];
  readonly selection: Selection;
  /** Where an archive's paths begin. */
  readonly root: string;
  /** Write a line for every file. */
  readonly list: boolean;
  /** Both see every item. */
  readonly parents: ReturnType<typeof createParentFolders>;
  readonly longest: LongestPath;
}

/** @throws JobFailure for a symbolic link: root's borg would set the owner of the file that it points to */
const refuseLinks = (batch: readonly ArchiveEntry[]): void => {
  const link = batch.find(({ type }) => type === 'l');
  if (!link) return;
  throw new JobFailure(
    `${link.path} is a symbolic link. Here files are written through sftp, which would change what it points to: restore to a client ` +
      `where borg runs, download the folder as tar, or name what you want without links. For links on the repository's host borg ` +
      `has to run there, so that this host learns the passphrase: see the setting ${RUN_ON_REPOSITORY_HOST_SETTING}.`,
  );
};

/** Examines every path that a restore would write to. @throws JobFailure when there is nothing to restore */
export const planRestore = async (
  context: JobContext,
  { files: runner, mounted }: RestoreTarget,
  entries: SelectedEntries,
  options: PlanOptions,
): Promise<RestorePlan> => {
  const { output, signal } = context;
  const { replace, selection, root, list, parents, longest } = options;
  const unmatched = createUnmatched(selection);
  const plan = { ...EMPTY_PLAN };
  let seen = 0;

  const count = (entry: ArchiveEntry, replacement: Replacement): void => {
    const size = entry.type === '-' ? entry.size : 0;
    plan.files += 1;
    plan.bytes += size;
    if (replacement === 'replace') plan.replaced += 1;
    if (replacement === 'keep-both') plan.kept_both += 1;
    if (replacement !== 'skip') return;
    plan.skipped += 1;
    plan.skippedBytes += size;
  };

  await entries.each(async (batch) => {
    seen += batch.length;
    if (mounted) refuseLinks(batch);
    const files = batch.filter(({ type }) => type !== 'd');
    for (const entry of batch) {
      unmatched.add(entry.path);
      parents.add(entry);
      longest.add(entry);
    }
    if (files.length === 0) return;
    const found = await statPaths(runner, root, files, signal);
    for (const [index, entry] of files.entries()) {
      const replacement = decideReplacement(replace, entry, found[index]);
      count(entry, replacement);
      if (list) output.write('verbose', `${SIGNS[replacement]} ${entry.path}`);
    }
    // Waits for the log, so that no line is dropped.
    if (list) await output.flush();
  });

  const left = unmatched.left();
  if (seen > 0 && left.length === 0) return plan;
  const what = left.length > 0 ? describeSelection({ paths: left, patterns: [] }) : describeSelection(selection);
  throw new JobFailure(
    `The archive ${archiveOf(context.plan)} does not have ${what}. Look at its catalog for the right path.`,
  );
};
