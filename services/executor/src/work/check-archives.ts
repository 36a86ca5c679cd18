import {
  checkCommand,
  createCheckFindings,
  explainFailure,
  type BorgResult,
  type CheckFindings,
  type CheckCommandOptions,
  type BorgFailureKind,
} from '@cyborgbackup/borg';
import type { CheckResult } from '@cyborgbackup/contracts';
import { isoMicros } from '@cyborgbackup/kernel';
import type { BorgPlace } from '../connect/borg-place.ts';
import { onRepositoryHost } from '../connect/connections.ts';
import { JobFailure } from '../job/job-failure.ts';
import { repositoryOf } from '../job/job-plan.ts';
import { NOTHING_TO_TELL, type JobResult } from '../job/job-result.ts';
import { describeDamage } from './describe-damage.ts';
import { connectionsOf, type JobContext } from './job-context.ts';
import { percentProgress } from './percent-progress.ts';
import { reconcile } from './reconcile.ts';
import { reportFindings } from './report-findings.ts';
import { failureOf, LOCK_WAIT_SECONDS, tryStep, warningsOf } from './run-step.ts';

interface Checked {
  readonly findings: CheckFindings;
  readonly result: BorgResult;
}

/** What borg ends with when it meets damage; all else keeps it from checking at all. */
const DAMAGE = new Set<BorgFailureKind>(['damaged', 'other']);

/** @throws JobFailure when borg could not check */
const check = async (
  context: JobContext,
  place: BorgPlace,
  options: Pick<CheckCommandOptions, 'only' | 'verifyData'>,
): Promise<Checked> => {
  const { see, findings } = createCheckFindings();
  const result = await tryStep(context, place, {
    argv: checkCommand({ ...options, repository: place.repository, lockWaitSeconds: LOCK_WAIT_SECONDS }),
    onProgress: percentProgress(context.output, 'check'),
    onLog: (message) => {
      see(message);
      context.output.write(message.level === 'info' ? 'verbose' : 'warning', message.message);
    },
  });
  const found = findings();
  const isOver = result.outcome === 'success' || result.outcome === 'warning';
  const isDamage = !found.isClean && DAMAGE.has(explainFailure(result).kind);
  if (!isOver && !isDamage) throw failureOf(result, place.runner.where);
  return { findings: found, result };
};

/** Damage of the repository itself ends borg's check before it has looked at the archives, so these get one of their own. */
const checkAll = async (context: JobContext, place: BorgPlace, verifyData: boolean): Promise<Checked> => {
  const all = await check(context, place, { verifyData });
  if (all.findings.isClean || all.findings.archivesChecked) return all;
  const archives = await check(context, place, { only: 'archives', verifyData });
  return {
    result: all.result,
    findings: {
      ...archives.findings,
      isClean: false,
      repositoryErrors: [...all.findings.repositoryErrors, ...archives.findings.repositoryErrors],
      defectChunks: Math.max(all.findings.defectChunks, archives.findings.defectChunks),
    },
  };
};

const MOST_NAMED = 1_000;

/**
 * `borg check` of a repository, beside its data; an integrity job also reads and verifies all of that. Damage fails the job,
 * and is told to the catalog archive by archive.
 */
export const checkArchives = async (context: JobContext): Promise<JobResult> => {
  const { parts, plan, output } = context;
  const repository = repositoryOf(plan);
  const verifyData = plan.job.job_type === 'integrity';
  output.write('verbose', `Checking repository ${repository.name}${verifyData ? ' and all of its data' : ''}`);
  await using place = await onRepositoryHost(connectionsOf(context), repository);
  const known_until = (await parts.store.head()).toString();
  const { findings, result } = await checkAll(context, place, verifyData);
  const checked: CheckResult = {
    verified_data: verifyData,
    damaged: findings.damagedArchives.slice(0, MOST_NAMED),
    known_until,
  };
  // What is found in another repository says nothing about our archives.
  if (findings.isClean) await reconcile(context, place);
  await reportFindings(context, findings, isoMicros());
  if (!findings.isClean) {
    const reason = describeDamage(repository.name, findings);
    throw new JobFailure(reason, { exitCode: result.exitCode, check: checked });
  }
  return { ...NOTHING_TO_TELL, warnings: warningsOf(result), check: checked };
};
