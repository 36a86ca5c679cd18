import { quote, type BorgResult } from '@cyborgbackup/borg';
import type { RestoreRequest, RestoreResult } from '@cyborgbackup/contracts';
import { humanBytes } from '@cyborgbackup/kernel';
import { JobFailure } from '../../job/job-failure.ts';
import { archiveOf } from '../../job/job-plan.ts';
import { EMPTY_RESULT, type JobResult } from '../../job/job-result.ts';
import type { JobContext } from '../../job/job-context.ts';
import { warningsOf } from '../../borg/run-step.ts';
import { extractSelection } from './extract-selection.ts';
import { makeFolder, makeStage, removeFolder } from './folders.ts';
import {
  createParentFolders,
  lookAtParents,
  openParents,
  patternsOf,
  recordedParents,
  type ParentFacts,
  type Root,
} from './parent-folders.ts';
import { moveIntoPlace } from './move-into-place.ts';
import { planRestore, type RestorePlan } from './plan-restore.ts';
import { openRestoreTarget, type RestoreTarget } from './restore-target.ts';
import { createSelectedEntries, type SelectedEntries } from './selected-entries.ts';
import { describeSelection, selectionOf, type Selection } from './selection.ts';
import { verifyRestored, type Verification } from './verification.ts';

/** All that the steps of one restore have in common. */
interface Restore {
  readonly context: JobContext;
  readonly request: RestoreRequest;
  readonly selection: Selection;
  readonly place: RestoreTarget;
  readonly entries: SelectedEntries;
  /** Where an archive's paths begin; in place they begin at the root. */
  readonly root: string;
  readonly inPlace: boolean;
}

const resultOf = (plan: RestorePlan, { verified, mismatches }: Verification): RestoreResult => ({
  files: plan.files - plan.skipped,
  bytes: plan.bytes - plan.skippedBytes,
  replaced: plan.replaced,
  skipped: plan.skipped,
  kept_both: plan.keptBoth,
  verified,
  mismatches: [...mismatches],
});

const NOTHING_PLACED: RestorePlan = { files: 0, bytes: 0, replaced: 0, skipped: 0, skippedBytes: 0, keptBoth: 0 };
const NOT_VERIFIED: Verification = { verified: 0, mismatches: [], differing: 0 };

/** What all paths have in common, which may be a file. */
const commonPath = ({ paths, patterns }: Selection): string => {
  if (paths.length === 0 || patterns.length > 0) return '';
  const [first = [], ...others] = paths.map((path) => path.split('/'));
  const differs = first.findIndex((part, index) => others.some((other) => other[index] !== part));
  return (differs === -1 ? first : first.slice(0, differs)).join('/');
};

const stageName = ({ context }: Restore): string => `.cyborgbackup-restore-${context.plan.job.uuid}`;

/** @throws JobFailure with what was restored, when files are not as the archive has them */
const judge = ({ context }: Restore, result: RestoreResult, { differing }: Verification): void => {
  if (differing === 0) return;
  for (const mismatch of result.mismatches) context.output.write('error', mismatch);
  const first = result.mismatches[0] ?? '';
  throw new JobFailure(
    `${differing} of the restored files are not as the archive has them (${first}). Is something else writing there, or is the disk full?`,
    { restored: result },
  );
};

/** Owners by number when it was asked for, or when names mean something else where borg runs. */
const placeOf = ({ place, request }: Restore): Pick<RestoreTarget, 'borg' | 'numericIds'> => ({
  borg: place.borg,
  numericIds: place.numericIds || request.numeric_ids,
});

/**
 * Extracts the selection, and with it the folders above it that are missing, so that their owners can reach what is in them;
 * those that the archive does not have are open to all.
 */
const extract = async (
  restore: Restore,
  { missing }: ParentFacts,
  start: ReturnType<RestoreTarget['in']>,
  to: Root,
): Promise<BorgResult> => {
  const { context, place, selection } = restore;
  const recorded = await recordedParents(context, place.borg, missing);
  const patterns = [...selection.patterns, ...patternsOf(recorded)];
  const extracted = await extractSelection(context, placeOf(restore), { ...selection, patterns }, start);
  const others = missing.filter((path) => !recorded.has(path));
  await openParents(place.files, to, others, context.signal);
  return extracted;
};

/** Straight into their places: what is there is replaced. */
const restoreDirectly = async (restore: Restore, plan: RestorePlan, parents: ParentFacts): Promise<JobResult> => {
  const { context, request, place, root } = restore;
  await makeFolder(place.files, root, context.signal);
  const extracted = await extract(restore, parents, place.in(root), restore);
  const verifying = { folder: root, verify: request.verify };
  const verification = await verifyRestored(context, place.files, restore.entries, verifying);
  const restored = resultOf(plan, verification);
  judge(restore, restored, verification);
  return { ...EMPTY_RESULT, warnings: warningsOf(extracted), restored };
};

/**
 * Into a private folder on the same file system first, where they are verified, then each to its place by the policy.
 */
const restoreThroughStage = async (
  restore: Restore,
  plan: RestorePlan,
  parents: ParentFacts,
  replace: Exclude<RestoreRequest['replace'], 'always'>,
): Promise<JobResult> => {
  const { context, request, selection, place, root, inPlace } = restore;
  const { output, signal } = context;
  await context.prove(signal);
  const stageAt = { root, below: commonPath(selection), name: stageName(restore), inPlace };
  const stage = await makeStage(place.files, stageAt, signal);
  try {
    const extracted = await extract(restore, parents, place.inStage(stage), { root: stage, inPlace: false });
    const verifying = { folder: stage, verify: request.verify };
    const verification = await verifyRestored(context, place.files, restore.entries, verifying);
    judge(restore, resultOf(NOTHING_PLACED, verification), verification);
    output.write('verbose', 'Putting the files in their places');
    const suffix = `.restored-${context.plan.job.id}`;
    const cleanup = [`rm -rf -- ${quote(stage)}`];
    await context.prove(signal);
    const placing = { replace, stage, root, suffix, inPlace, linkedParents: parents.linked };
    const placed = await moveIntoPlace(place.files, placing, { signal, cleanup });
    const restored = resultOf({ ...plan, ...placed }, verification);
    return { ...EMPTY_RESULT, warnings: warningsOf(extracted), restored };
  } catch (error) {
    await removeFolder(context, place.files, stage);
    throw error;
  }
};

const work = (restore: Restore, plan: RestorePlan, parents: ParentFacts): Promise<JobResult> => {
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
 *   1. every place that would be written to is looked at, and the folders above, none of which may be a link of somebody
 *      else's (see walk-script.ts); a dry run lists what it found and ends here;
 *   2. borg extracts: where everything is replaced, straight into the places, and otherwise into a private folder;
 *   3. what was extracted is compared with the archive;
 *   4. what is in the private folder goes to its place, as the policy says, and the folder goes away, whatever happened.
 *
 * @throws JobFailure
 */
export const restoreFiles = async (context: JobContext, request: RestoreRequest): Promise<JobResult> => {
  const { plan, output } = context;
  const selection = selectionOf(request);
  const inPlace = request.dest_folder === '';
  const root = inPlace ? '/' : request.dest_folder;
  await using place = await openRestoreTarget(context, request.destination);
  output.write(
    'verbose',
    `Restoring ${describeSelection(selection)} of ${archiveOf(plan)} to ${root} on ${place.files.where}`,
  );
  const entries = createSelectedEntries(context, place.borg, selection);
  const restore = { context, request, selection, place, entries, root, inPlace };
  const parents = createParentFolders();
  const { replace, dry_run: list } = request;
  const planned = await planRestore(context, place, entries, { replace, selection, root, list, parents });
  const parentFacts = await lookAtParents(place.files, restore, parents.list(), context.signal);
  const result = request.dry_run
    ? { ...EMPTY_RESULT, restored: resultOf(planned, NOT_VERIFIED) }
    : await work(restore, planned, parentFacts);
  if (result.restored) report(restore, result.restored);
  return result;
};
