import { archiveChecked, archiveRemoved, archiveVanished, jobSucceeded, nameStart } from '@cyborgbackup/contracts';
import type { ProjectionStep, StepTarget } from '@cyborgbackup/projections';
import { collectArchive } from './collect.ts';
import { findShown } from './complete-listing.ts';
import { noteCheck, noteCleanCheck, removeBroken, replaceFindings, type StoredPath } from './mark-broken.ts';
import { pathForms } from './path-forms.ts';
import { typed } from './typed-step.ts';

/** The archives model has marked it as removed already. */
const gone = async (target: StepTarget, job: string): Promise<void> => {
  await removeBroken(target, job);
  const shown = await findShown(target, job);
  if (shown) await collectArchive(target, shown.series, shown.sequence);
};

const storedPath = (path: string): StoredPath => {
  const start = nameStart(path);
  const folder = pathForms(path.slice(0, start));
  const name = pathForms(path.slice(start));
  return { folder: folder.text, folderRaw: folder.raw, name: name.text, nameRaw: name.raw };
};

const forgotten: ProjectionStep = typed(archiveRemoved, (target, { data }) => gone(target, data.job));

const vanished: ProjectionStep = typed(archiveVanished, (target, { data }) => gone(target, data.job));

const checked: ProjectionStep = typed(archiveChecked, async (target, { data }) => {
  await replaceFindings(target, data.job, data.broken_paths.map(storedPath));
  await noteCheck(target, data.job, !data.archive_healthy, data.checked_at);
});

/** Nothing was found in any archive there was; what a check finds is told archive by archive. */
const succeeded: ProjectionStep = typed(jobSucceeded, async (target, { data: { check, repository }, occurredAt }) => {
  if (repository === null || check === null) return;
  await noteCleanCheck(target, repository, { knownUntil: check.known_until, checkedAt: occurredAt });
});

/** What happens to archives, beside what the archives model folds. */
export const archiveSteps = {
  [archiveRemoved.type]: forgotten,
  [archiveVanished.type]: vanished,
  [archiveChecked.type]: checked,
  [jobSucceeded.type]: succeeded,
};
