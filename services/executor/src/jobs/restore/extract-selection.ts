import {
  extractCommand,
  probeConfinement,
  type BorgProgress,
  type BorgResult,
  type Confinement,
} from '@cyborgbackup/borg';
import { humanBytes } from '@cyborgbackup/kernel';
import { commandOptions, runBorgStep, type StepOptions } from '../../borg/run-step.ts';
import type { BorgEndpoint } from '../../endpoints/borg-endpoint.ts';
import type { JobContext } from '../../job/job-context.ts';
import { archiveOf } from '../../job/job-plan.ts';
import type { RestoreTarget } from './restore-target.ts';
import type { Selection } from './selection.ts';

/** Reports a restore's figures, from borg's own progress. */
const restoreProgress = ({ output }: JobContext): ((progress: BorgProgress) => void) => {
  const startedAt = Date.now();
  return (progress) => {
    if (progress.type !== 'progress_percent' || progress.total <= 0) return;
    const { current, total } = progress;
    const seconds = Math.max(0.001, (Date.now() - startedAt) / 1000);
    const rate = current / seconds;
    const percent = Math.floor((100 * current) / total);
    output.progress(`${percent} % of ${humanBytes(total)} restored, ${humanBytes(rate)}/s`, {
      phase: 'restore',
      original_size: current,
      rate,
      eta: rate > 0 ? (total - current) / rate : null,
    });
  };
};

/** Endpoints, each opened for one attempt, that were tried already. */
const confinements = new WeakMap<BorgEndpoint, Confinement | undefined>();

/**
 * How an extraction at an endpoint is kept in its folder, whatever the archive says, below the gate that its listing passes (see
 * `EntryGate`). Undefined where that is not possible, which the job's output says once.
 * See docs/decisions/0021-an-archive-is-hostile-text.md.
 */
const confineExtraction = async (
  { signal, output }: JobContext,
  endpoint: BorgEndpoint,
): Promise<Confinement | undefined> => {
  if (confinements.has(endpoint)) return confinements.get(endpoint);
  const problem = await probeConfinement(endpoint.runner, signal);
  if (problem !== '') {
    output.write(
      'system_warning',
      `Borg on ${endpoint.runner.where} cannot be confined to the folder it extracts to (${problem}). Only the check of the archive's listing keeps a hostile archive from writing elsewhere: let borg run as root on Linux, or restore to a host that has nothing else to lose.`,
    );
  }
  const isOnThisHost = endpoint.repository.startsWith('/');
  const confinement = problem === '' ? { writable: isOnThisHost ? [endpoint.repository] : [] } : undefined;
  confinements.set(endpoint, confinement);
  return confinement;
};

/**
 * Extracts to a private folder, with the paths as the archive has them. Borg cannot leave that folder, as far as its host allows
 * that.
 * @param selection.leftOut borg's patterns for what is not extracted
 * @throws JobFailure
 */
export const extractSelection = async (
  context: JobContext,
  { borg, numericIds }: Pick<RestoreTarget, 'borg' | 'numericIds'>,
  { paths, patterns, leftOut = [] }: Selection & { readonly leftOut?: readonly string[] },
  options: Pick<StepOptions, 'scratch' | 'mount'>,
): Promise<BorgResult> =>
  runBorgStep(context, borg, {
    ...options,
    confine: await confineExtraction(context, borg),
    argv: extractCommand({
      ...commandOptions(borg),
      archive: archiveOf(context.plan),
      paths,
      patterns,
      numericIds,
      // The root folder of an archive of everything would give the private folder its owner and mode.
      exclude: ['re:\\A\\.\\Z', ...leftOut],
      noFlags: true,
      sparse: true,
    }),
    onProgress: restoreProgress(context),
  });
