import { quote, type BorgResult } from '@cyborgbackup/borg';
import type { RestoreRequest, RestoreResult } from '@cyborgbackup/contracts';
import { humanBytes } from '@cyborgbackup/kernel';
import { warningsOf } from '../../borg/run-step.ts';
import type { JobContext } from '../../job/job-context.ts';
import { JobFailure } from '../../job/job-failure.ts';
import { archiveOf } from '../../job/job-plan.ts';
import { EMPTY_RESULT, type JobResult } from '../../job/job-result.ts';
import { extractSelection } from './extract-selection.ts';
import { createLongestPath, joined, makeStage, removeFolder, type LongestPath } from './folders.ts';
import { moveIntoPlace, restoreFolderAttributes, type MoveResult } from './move-into-place.ts';
import {
  createParentFolders,
  lookAtParents,
  openParents,
  recordedParents,
  type ParentFacts,
} from './parent-folders.ts';
import { EMPTY_PLAN, planRestore, type RestorePlan } from './plan-restore.ts';
import { openRestoreTarget, type RestoreTarget } from './restore-target.ts';
import { createSelectedEntries, type SelectedEntries } from './selected-entries.ts';
import { describeSelection, escapedPatterns, selectionOf, type Selection } from './selection.ts';
import { createUnsafeEntries, type UnsafeEntries } from './unsafe-entries.ts';
import { verifyRestored, type Verification } from './verification.ts';

/** What the steps of one restore have in common. */
interface Restore {
  readonly context: JobContext;
  readonly request: RestoreRequest;
  readonly selection: Selection;
  readonly target: RestoreTarget;
  readonly entries: SelectedEntries;
  readonly unsafe: UnsafeEntries;
  /** Where an archive's paths begin; in place they begin at the root. */
  readonly root: string;
  readonly inPlace: boolean;
  readonly longest: LongestPath;
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
const assertVerified = ({ context }: Restore, verification: Verification, [warning]: readonly string[]): void => {
  const { differing } = verification;
  if (differing === 0) return;
  const result = resultOf(EMPTY_PLAN, verification);
  for (const mismatch of result.mismatches) context.output.write('error', mismatch);
  const first = result.mismatches[0] ?? '';
  throw new JobFailure(
    `${differing} of the restored files are not as the archive has them (${first}). ${warning === undefined ? 'Is something else writing there, or is the disk full?' : `Borg said: ${warning}`}`,
    { restored: result },
  );
};

/**
 * Extracts the selection, and the missing folders above it, so that their owners can reach their contents. Missing folders that the
 * archive does not have are opened to all accounts.
 */
const extract = async (restore: Restore, { missing }: ParentFacts, stage: string): Promise<BorgResult> => {
  const { context, request, target, selection, unsafe } = restore;
  const recorded = await recordedParents(context, { endpoint: target.borg, unsafe }, missing);
  const patterns = [...selection.patterns, ...escapedPatterns(recorded)];
  // Owners by number when that was requested, or when names mean other accounts where borg runs.
  const endpoint = { borg: target.borg, numericIds: target.numericIds || request.numeric_ids };
  const what = { ...selection, patterns, leftOut: unsafe.patterns() };
  const extracted = await extractSelection(context, endpoint, what, target.inStage(stage));
  const others = missing.filter((path) => !recorded.has(path));
  await openParents(target.files, stage, others, context.signal);
  return extracted;
};

/** Moves what was extracted and verified to where it belongs, by the policy; the private folder is gone afterwards. */
const putIntoPlace = async (
  restore: Restore,
  parents: ParentFacts,
  { stage, files }: { readonly stage: string; readonly files: string },
): Promise<Omit<MoveResult, 'folders'>> => {
  const { context, target, root, inPlace, request } = restore;
  const { signal } = context;
  const { replace } = request;
  context.output.write('verbose', 'Putting the files in their places');
  await context.assertOwnership(signal);
  const suffix = `.restored-${context.plan.job.id}`;
  const move = { replace, stage: files, root, suffix, inPlace, linkedParents: parents.linked };
  if (replace !== 'always')
    return moveIntoPlace(target.files, move, { signal, cleanup: [`rm -rf -- ${quote(stage)}`] });
  const times = joined(stage, 'times');
  const { folders, ...moved } = await moveIntoPlace(target.files, { ...move, times }, { signal, cleanup: [] });
  if (folders > 0) await restoreFolderAttributes(restore, { stage: files, times });
  await removeFolder(context, target.files, stage);
  return moved;
};

/** Extracts to a private folder on the same file system, verifies the files there, and then moves each by the policy. */
const restoreThroughStage = async (restore: Restore, plan: RestorePlan, parents: ParentFacts): Promise<JobResult> => {
  const { context, request, selection, target, root, inPlace, longest } = restore;
  const { signal } = context;
  await context.assertOwnership(signal);
  const folder = { root, below: commonPath(selection), name: stageName(context), inPlace, room: longest.room() };
  const stage = await makeStage(context, target.files, folder);
  const files = joined(stage, 'files');
  try {
    longest.mustFit(files);
    const extracted = await extract(restore, parents, files);
    const options = { folder: files, verify: request.verify };
    const verification = await verifyRestored(context, target.files, restore.entries, options);
    assertVerified(restore, verification, warningsOf(extracted));
    const moved = await putIntoPlace(restore, parents, { stage, files });
    const restored = resultOf({ ...plan, ...moved }, verification);
    return { ...EMPTY_RESULT, warnings: warningsOf(extracted), restored };
  } catch (error) {
    await removeFolder(context, target.files, stage);
    throw error;
  }
};

/** The private folder of this job. */
const stageName = ({ plan }: JobContext): string => `.cyborgbackup-restore-${plan.job.uuid}`;

/** Says what a superuser chose to leave out. */
const reportUnsafe = ({ output }: JobContext, { paths, problems }: UnsafeEntries): void => {
  if (paths.size === 0) return;
  const rest = paths.size - problems.length;
  const others = rest > 0 ? ` and ${rest} more` : '';
  output.write('system_warning', `Left out, since they are not safe: ${problems.join('; ')}${others}`);
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
 *   2. borg extracts to a private folder on the same file system, which it cannot leave where its host allows that;
 *   3. the extracted files are compared with the archive;
 *   4. they are moved to the destination, as the policy says; the folder is removed in any case.
 *
 * An archive with entries that are not safe is refused, unless a superuser said that they are to be left out.
 * See docs/decisions/0017-restores-go-through-a-private-folder.md and 0021-an-archive-is-hostile-text.md.
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
  const unsafe = createUnsafeEntries(archiveOf(plan), { areAllowed: request.allow_unsafe });
  const entries = createSelectedEntries(context, target.borg, selection, unsafe);
  // What is left out has to be known before the first entry counts.
  if (request.allow_unsafe) await entries.each(() => Promise.resolve());
  reportUnsafe(context, unsafe);
  const longest = createLongestPath();
  const restore = { context, request, selection, target, entries, unsafe, root, inPlace, longest };
  const parents = createParentFolders();
  const { replace, dry_run: list } = request;
  const planned = await planRestore(context, target, entries, { replace, selection, root, list, parents, longest });
  longest.mustFit(joined(joined(root, stageName(context)), 'files'));
  const parentFacts = await lookAtParents(target.files, restore, parents.list(), context.signal);
  const result = request.dry_run
    ? { ...EMPTY_RESULT, restored: resultOf(planned, NOT_VERIFIED) }
    : await restoreThroughStage(restore, planned, parentFacts);
  if (result.restored) report(restore, result.restored);
  return result;
};
