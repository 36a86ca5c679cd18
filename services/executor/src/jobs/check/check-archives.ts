import {
  checkCommand,
  createCheckFindings,
  explainFailure,
  type BorgResult,
  type CheckFindings,
  type CheckCommandOptions,
  type BorgFailureKind,
} from '@cyborgbackup/borg';
import { BROKEN_PATHS_MAX, catalogCommands, type CheckResult } from '@cyborgbackup/contracts';
import { isoMicros, listNames } from '@cyborgbackup/kernel';
import { percentProgress } from '../../borg/progress.ts';
import { commandOptions, failureOf, isDone, tryBorgStep, warningsOf } from '../../borg/run-step.ts';
import type { BorgEndpoint } from '../../endpoints/borg-endpoint.ts';
import { openRepositoryEndpoint } from '../../endpoints/repository-endpoint.ts';
import { callService } from '../../job/call-service.ts';
import type { JobContext } from '../../job/job-context.ts';
import { JobFailure } from '../../job/job-failure.ts';
import { repositoryOf } from '../../job/job-plan.ts';
import { EMPTY_RESULT, type JobResult } from '../../job/job-result.ts';
import { waitForExecutor } from '../../tables/wait-for-executor.ts';
import { readBackups, readLastCheck } from '../../tables/last-check.ts';
import { reconcileCatalog } from '../catalog/reconcile-archives.ts';

interface CheckOutcome {
  readonly findings: CheckFindings;
  readonly result: BorgResult;
}

/** How borg ends when it finds damage; any other failure keeps it from checking at all. */
const DAMAGE = new Set<BorgFailureKind>(['damaged', 'other']);

/**
 * Borg's status for damage. The words for it are of the repository's host, and borg may end before it has read them.
 */
const DAMAGE_STATUS = 1;
const WORDS_LOST = "borg found damage, and ended before it had the words of the repository's host";

const withLostWords = (findings: CheckFindings, { exitCode, messages }: BorgResult): CheckFindings =>
  findings.isClean && exitCode === DAMAGE_STATUS && messages.length === 0
    ? { ...findings, isClean: false, archivesChecked: false, repositoryErrors: [WORDS_LOST] }
    : findings;

/** @throws JobFailure when borg could not check */
const check = async (
  context: JobContext,
  endpoint: BorgEndpoint,
  options: Pick<CheckCommandOptions, 'only' | 'verifyData'>,
): Promise<CheckOutcome> => {
  const { add, findings: findingsOf } = createCheckFindings();
  const result = await tryBorgStep(context, endpoint, {
    argv: checkCommand({ ...options, ...commandOptions(endpoint) }),
    onProgress: percentProgress(context.output, 'check'),
    onLog: (message) => {
      add(message);
      context.output.write(message.level === 'info' ? 'verbose' : 'warning', message.message);
    },
  });
  const findings = withLostWords(findingsOf(), result);
  const isDamage = !findings.isClean && DAMAGE.has(explainFailure(result).kind);
  if (!isDone(result) && !isDamage) throw failureOf(result, endpoint.runner.where);
  return { findings, result };
};

/** Damage of the repository itself ends borg's check before it reads the archives, so these get a check of their own. */
const checkAll = async (context: JobContext, endpoint: BorgEndpoint, verifyData: boolean): Promise<CheckOutcome> => {
  const all = await check(context, endpoint, { verifyData });
  if (all.findings.isClean || all.findings.archivesChecked) return all;
  const archives = await check(context, endpoint, { only: 'archives', verifyData });
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

/** Tells the catalog which archives are damaged now, and which were damaged at the last check and are not any more. */
const reportFindings = async ({ deps, plan }: JobContext, findings: CheckFindings, at: string): Promise<void> => {
  const { uuid } = repositoryOf(plan);
  await waitForExecutor(deps);
  const damaged = new Set(findings.damagedArchives);
  const before = await readLastCheck(deps.pool, uuid);
  const names = [...new Set([...damaged, ...(before?.damaged ?? [])])];
  for (const { archive, job } of await readBackups(deps.pool, uuid, names)) {
    const broken = findings.damagedFiles.filter((file) => file.archive === archive).map(({ path }) => path);
    const request = {
      job,
      archive_healthy: !damaged.has(archive),
      broken_paths: broken.slice(0, BROKEN_PATHS_MAX),
      checked_at: at,
    };
    await callService(deps, catalogCommands.recordFindings, request);
  }
};

/** One sentence or two: what is damaged, and what to do. */
const describeDamage = (repository: string, findings: CheckFindings): string => {
  const { damagedArchives, damagedFileCount, defectChunks, repositoryErrors } = findings;
  const damage = [
    ...(damagedArchives.length > 0 ? [`archives ${listNames(damagedArchives, 5)}`] : []),
    ...(damagedFileCount > 0 ? [`${damagedFileCount} files`] : []),
    ...(defectChunks > 0 ? [`${defectChunks} chunks of data`] : []),
  ];
  const what = damage.length > 0 ? `: ${damage.join(', ')}` : '';
  const quoted = repositoryErrors[0] === undefined ? '' : ` Borg says: ${repositoryErrors[0]}.`;
  return `The repository ${repository} is damaged${what}.${quoted} Look at its disk, then run "borg check --repair" and a new backup.`;
};

const MAX_DAMAGED_NAMES = 1_000;

/**
 * `borg check` of a repository, on its host; an integrity job also reads and verifies all data. Damage fails the job, and is
 * reported to the catalog archive by archive.
 */
export const checkArchives = async (context: JobContext): Promise<JobResult> => {
  const { deps, plan, output } = context;
  const repository = repositoryOf(plan);
  const verifyData = plan.job.job_type === 'integrity';
  output.write('verbose', `Checking repository ${repository.name}${verifyData ? ' and all of its data' : ''}`);
  await using endpoint = await openRepositoryEndpoint(context, repository);
  const known_until = (await deps.store.head()).toString();
  const { findings, result } = await checkAll(context, endpoint, verifyData);
  const checked: CheckResult = {
    verified_data: verifyData,
    damaged: findings.damagedArchives.slice(0, MAX_DAMAGED_NAMES),
    known_until,
  };
  // Findings in another repository would say nothing about our archives.
  if (findings.isClean) await reconcileCatalog(context, endpoint);
  await reportFindings(context, findings, isoMicros());
  if (!findings.isClean) {
    const reason = describeDamage(repository.name, findings);
    throw new JobFailure(reason, { exit_code: result.exitCode, check: checked });
  }
  return { ...EMPTY_RESULT, warnings: warningsOf(result), check: checked };
};
