import { quote, type BorgResult } from '@cyborgbackup/borg';
import type { RestoreRequest, RestoreResult } from '@cyborgbackup/contracts';
import { humanBytes } from '@cyborgbackup/kernel';
import { warningsOf } from '../../borg/run-step.ts';
import type { JobContext } from '../../job/job-context.ts';
import { JobFailure } from '../../job/job-failure.ts';
import { archiveOf } from '../../job/job-plan.ts';
import { EMPTY_RESULT, type JobResult } from '../../job/job-result.ts';
import { extractSelection } from './extract-selection.ts';
import { makeFolder, makeStage, removeFolder } from './folders.ts';
import { moveIntoPlace } from './move-into-place.ts';
import {
  createParentFolders,
  lookAtParents,
  openParents,
  patternsOf,
  recordedParents,
  type ParentFacts,
  type Root,
} from './parent-folders.ts';
import { EMPTY_PLAN, planRestore, type RestorePlan } from './plan-restore.ts';
import { openRestoreTarget, type RestoreTarget } from './restore-target.ts';
import { createSelectedEntries, type SelectedEntries } from './selected-entries.ts';
import { describeSelection, selectionOf, type Selection } from './selection.ts';
import { verifyRestored, type Verification } from './verification.ts';

/** What the steps of one restore have in common. */
interface Restore {
  readonly context: JobContext;
  readonly request: RestoreRequest;
  readonly selection: Selection;
  readonly target: RestoreTarget;
  readonly entries: SelectedEntries;
  /** Where an archive's paths begin; in place they begin at the root. */
  readonly root: string;
  readonly inPlace: boolean;
}

const resultOf = (plan: RestorePlan, { verified, mismatches }: Verification): RestoreResult => {
  const { files, bytes, skippedBytes, ...counts } = plan;
  return {
    ...counts,
    files: files - counts.skipped,
    bytes: bytes - skippedBytes,
    verified,
    mismatches: [...mismatches],
  };
};

const NOT_VERIFIED: Verification = { verified: 0, mismatches: [], differing: 0 };

/** The longest common path of all selected paths, which may be a file's. */
const commonPath = ({ paths, patterns }: Selection): string => {
  if (paths.length === 0 || patterns.length > 0) return '';
  const [first = [], ...others] = paths.map((path) => path.split('/'));
  const differs = first.findIndex((part, index) => others.some((other) => other[index] !== part));
  return (differs === -1 ? first : first.slice(0, differs)).join('/');
};

/** @throws JobFailure with what was restored, when files are not as the archive has them */
const assertVerified = ({ context }: Restore, result: RestoreResult, { differing }: Verification): void => {
  if (differing === 0) return;
  for (const mismatch of result.mismatches) context.output.write('error', mismatch);
  const first = result.mismatches[0] ?? '';
  throw new JobFailure(
    `${differing} of the restored files are not as the archive has them (${first}). Is something else writing there, or is the disk full?`,
    { restored: result },
  );
};

/**
 * Extracts the selection, and the missing folders above it, so that their owners can reach their contents. Missing folders that the
 * archive does not have are opened to all accounts.
 */
const extract = async (
  restore: Restore,
  { missing }: ParentFacts,
  start: ReturnType<RestoreTarget['in']>,
  to: Root,
): Promise<BorgResult> => {
  const { context, request, target, selection } = restore;
  const recorded = await recordedParents(context, target.borg, missing);
  const patterns = [...selection.patterns, ...patternsOf(recorded)];
  // Owners by number when that was requested, or when names mean other accounts where borg runs.
  const endpoint = { borg: target.borg, numericIds: target.numericIds || request.numeric_ids };
  const extracted = await extractSelection(context, endpoint, { ...selection, patterns }, start);
  const others = missing.filter((path) => !recorded.has(path));
  await openParents(target.files, to, others, context.signal);
  return extracted;
};

/** Extracts directly to the destination: existing files are replaced. */
const restoreDirectly = async (restore: Restore, plan: RestorePlan, parents: ParentFacts): Promise<JobResult> => {
  const { context, request, target, root } = restore;
  await makeFolder(target.files, root, context.signal);
  const extracted = await extract(restore, parents, target.in(root), restore);
  const options = { folder: root, verify: request.verify };
  const verification = await verifyRestored(context, target.files, restore.entries, options);
  const restored = resultOf(plan, verification);
  assertVerified(restore, restored, verification);
  return { ...EMPTY_RESULT, warnings: warningsOf(extracted), restored };
};

/** Extracts to a private folder on the same file system, verifies the files there, and then moves each by the policy. */
const restoreThroughStage = async (
  restore: Restore,
  plan: RestorePlan,
  parents: ParentFacts,
  replace: Exclude<RestoreRequest['replace'], 'always'>,
): Promise<JobResult> => {
  const { context, request, selection, target, root, inPlace } = restore;
  const { output, signal } = context;
  await context.assertOwnership(signal);
  const name = `.cyborgbackup-restore-${context.plan.job.uuid}`;
  const stage = await makeStage(target.files, { root, below: commonPath(selection), name, inPlace }, signal);
  try {
    const extracted = await extract(restore, parents, target.inStage(stage), { root: stage, inPlace: false });
    const options = { folder: stage, verify: request.verify };
    const verification = await verifyRestored(context, target.files, restore.entries, options);
    assertVerified(restore, resultOf(EMPTY_PLAN, verification), verification);
    output.write('verbose', 'Putting the files in their places');
    const suffix = `.restored-${context.plan.job.id}`;
    const cleanup = [`rm -rf -- ${quote(stage)}`];
    await context.assertOwnership(signal);
    const move = { replace, stage, root, suffix, inPlace, linkedParents: parents.linked };
    const moved = await moveIntoPlace(target.files, move, { signal, cleanup });
    const restored = resultOf({ ...plan, ...moved }, verification);
    return { ...EMPTY_RESULT, warnings: warningsOf(extracted), restored };
  } catch (error) {
    await removeFolder(context, target.files, stage);
    throw error;
  }
};

const restorePlanned = (restore: Restore, plan: RestorePlan, parents: ParentFacts): Promise<JobResult> => {
  const { replace } = restore.request;
  return replace === 'always'
    ? restoreDirectly(restore, plan, parents)
    : restoreThroughStage(restore, plan, parents, replace);
};

const report = ({ context, request }: Restore, { files, bytes, replaced, skipped, kept_both }: RestoreResult): void => {
  const [verb, what] = request.dry_run ? ['would be ', 'Nothing was written: '] : ['', ''];
  context.output.write(
    'verbose',
    `${what}${files} files (${humanBytes(bytes)}) ${verb}restored, ${replaced} of them instead of others and ${kept_both} beside others; ${skipped} ${verb}left out`,
  );
};

/**
 * Restores items of an archive:
 *
 *   1. every path that would be written to is examined, and the folders above it, none of which may be a link that another user
 *      can have created (see walk.sh); a dry run lists the result and ends here;
 *   2. borg extracts: where everything is replaced, directly to the destination, and otherwise to a private folder;
 *   3. the extracted files are compared with the archive;
 *   4. the files in the private folder are moved to the destination, as the policy says; the folder is removed in any case.
 *
 * See docs/decisions/0017-restores-go-through-a-private-folder.md.
 * @throws JobFailure
 */
export const restoreFiles = async (context: JobContext, request: RestoreRequest): Promise<JobResult> => {
  const { plan, output } = context;
  const selection = selectionOf(request);
  const inPlace = request.dest_folder === '';
  const root = inPlace ? '/' : request.dest_folder;
  await using target = await openRestoreTarget(context, request.destination);
  output.write(
    'verbose',
    `Restoring ${describeSelection(selection)} of ${archiveOf(plan)} to ${root} on ${target.files.where}`,
  );
  const entries = createSelectedEntries(context, target.borg, selection);
  const restore = { context, request, selection, target, entries, root, inPlace };
  const parents = createParentFolders();
  const { replace, dry_run: list } = request;
  const planned = await planRestore(context, target, entries, { replace, selection, root, list, parents });
  const parentFacts = await lookAtParents(target.files, restore, parents.list(), context.signal);
  const result = request.dry_run
    ? { ...EMPTY_RESULT, restored: resultOf(planned, NOT_VERIFIED) }
    : await restorePlanned(restore, planned, parentFacts);
  if (result.restored) report(restore, result.restored);
  return result;
};
