import { createEntryGate, quote, runCommand } from '@cyborgbackup/borg';
import { catalogCommands, type DrillRequest, type DrillResult, type RpcOutput } from '@cyborgbackup/contracts';
import { hasCode, humanBytes } from '@cyborgbackup/kernel';
import type { BorgEndpoint } from '../../endpoints/borg-endpoint.ts';
import { openRepositoryEndpoint } from '../../endpoints/repository-endpoint.ts';
import { callService, CATALOG_DEADLINE } from '../../job/call-service.ts';
import { lingeringConnections, type JobContext } from '../../job/job-context.ts';
import { JobFailure } from '../../job/job-failure.ts';
import { archiveOf, repositoryOf } from '../../job/job-plan.ts';
import { EMPTY_RESULT, type JobResult } from '../../job/job-result.ts';
import { extractSelection } from '../restore/extract-selection.ts';
import { hashPaths, statPaths, type PathFacts } from '../restore/file-facts.ts';
import { removeFolder } from '../restore/folders.ts';
import { unsafeArchive } from '../restore/unsafe-entries.ts';
import { hashTar } from './hash-tar.ts';

type SampledFile = RpcOutput<typeof catalogCommands.sample>['files'][number];

/** @throws JobFailure for an archive that is not catalogued, or that has no files */
const sampleFiles = async (
  { deps, plan }: JobContext,
  { seed, files }: DrillRequest,
): Promise<readonly SampledFile[]> => {
  const { master_job: job } = plan.job;
  if (job === null) throw new JobFailure('This drill does not say which backup to try.', { status: 'error' });
  try {
    const sample = await callService(deps, catalogCommands.sample, { job, seed, files }, CATALOG_DEADLINE);
    if (sample.files.length > 0) return sample.files;
  } catch (error) {
    if (!hasCode(error, 'conflict')) throw error;
    throw new JobFailure(error.message);
  }
  throw new JobFailure(
    `The archive ${archiveOf(plan)} has no files, so it proves nothing. Does the policy back up the right folders?`,
  );
};

/** All paths are arguments of one command, whose length is limited; very long ones are left to another drill. */
const COMMAND_LINE_BYTES = 512 * 1024;

const fitCommandLine = (sample: readonly SampledFile[]): readonly SampledFile[] => {
  let bytes = 0;
  return sample.filter(({ path }) => {
    bytes += 4 * path.length;
    return bytes <= COMMAND_LINE_BYTES;
  });
};

/** On a disk that other programs need, too. */
const SCRATCH = '/var/tmp';

/** @throws JobFailure when the files would take more than half of what is free */
const checkSpace = async ({ signal }: JobContext, endpoint: BorgEndpoint, bytes: number): Promise<void> => {
  const { stdout } = await runCommand(endpoint.runner, ['df', '-Pk', '--', SCRATCH], { signal });
  const free = Number(stdout.trimEnd().split('\n').at(-1)?.split(/\s+/)[3]) * 1024;
  if (!(bytes > free / 2)) return;
  throw new JobFailure(
    `The picked files have ${humanBytes(bytes)}, and ${SCRATCH} on ${endpoint.runner.where} has ${humanBytes(free)} left: free space there, or lower drill_files.`,
  );
};

/**
 * Empty when the file on the disk is what the catalog and the second reading say.
 * @param restored.expected the hash of the second reading
 */
const fileProblem = (
  { size, mtime }: SampledFile,
  { facts, hash, expected }: Record<'hash' | 'expected', string | undefined> & { facts: PathFacts | undefined },
): string => {
  if (!facts) return 'it was not restored';
  if (facts.size !== size) return `it has ${facts.size} bytes, and ${size} in the catalog`;
  if (facts.mtime !== Math.floor(Date.parse(mtime) / 1000)) return 'it has another time than in the catalog';
  if (hash === undefined) return 'it cannot be read';
  return hash === expected ? '' : 'its contents are not those of a second reading of the archive';
};

/** The catalog has only what passed the gate; what is listed here would be written to. @throws JobFailure */
const refuseUnsafe = (archive: string, sample: readonly SampledFile[]): void => {
  const gate = createEntryGate();
  for (const { path } of sample) {
    const problem = gate.check({ path, type: '-', hardLinkTo: '' });
    if (problem !== '') throw unsafeArchive(archive, problem);
  }
};

/** Extracts the files to a scratch folder, and compares them with the catalog and a second reading. */
const verifyFiles = async (
  context: JobContext,
  endpoint: BorgEndpoint,
  sample: readonly SampledFile[],
): Promise<DrillResult['files']> => {
  const { plan, signal } = context;
  const paths = sample.map(({ path }) => path);
  const scratch = `${SCRATCH}/cyborgbackup-drill-${plan.job.uuid}`;
  const expectedHashes = await hashTar(context, endpoint, paths);
  try {
    await extractSelection(context, { borg: endpoint, numericIds: true }, { paths, patterns: [] }, { scratch });
    const facts = await statPaths(endpoint.runner, scratch, sample, signal);
    const cleanup = [`rm -rf -- ${quote(scratch)}`];
    const hashes = await hashPaths(endpoint.runner, scratch, sample, { signal, cleanup });
    return sample.map((file, index) => {
      const [hash, expected] = [hashes[index], expectedHashes.get(file.path)];
      const problem = fileProblem(file, { facts: facts[index], hash, expected });
      return { path: file.path, size: file.size, hash: hash ?? '', problem };
    });
  } finally {
    await removeFolder(context, endpoint.runner, scratch);
  }
};

/**
 * Shows that an archive can be restored, on the repository's side:
 *
 *   1. the catalog picks files by the seed;
 *   2. borg reads them once as a tar, and their hashes are kept;
 *   3. borg extracts them to a scratch folder, where their sizes and times are compared with the catalog's, and their hashes
 *      with those of the tar;
 *   4. the folder is removed in any case.
 *
 * @throws JobFailure with the drill's result when a file differs
 */
export const runDrill = async (context: JobContext, request: DrillRequest): Promise<JobResult> => {
  const { plan, output } = context;
  const archive = archiveOf(plan);
  const startedAt = Date.now();
  const sample = fitCommandLine(await sampleFiles(context, request));
  refuseUnsafe(archive, sample);
  const bytes = sample.reduce((sum, { size }) => sum + size, 0);
  output.write('verbose', `Proving that ${sample.length} files (${humanBytes(bytes)}) of ${archive} can be restored`);
  await using endpoint = await openRepositoryEndpoint(lingeringConnections(context), repositoryOf(plan));
  await checkSpace(context, endpoint, bytes);
  const files = await verifyFiles(context, endpoint, sample);
  const broken = files.filter(({ problem }) => problem !== '');
  const duration = (Date.now() - startedAt) / 1000;
  const drill = { archive, seed: request.seed, passed: broken.length === 0, duration, bytes, files };
  for (const { path, problem } of files) {
    output.write(problem === '' ? 'verbose' : 'error', `${path}: ${problem === '' ? 'as it was' : problem}`);
  }
  if (drill.passed) return { ...EMPTY_RESULT, drill };
  const [first] = broken;
  throw new JobFailure(
    `${broken.length} of ${files.length} files could not be restored as they were (${first?.path ?? ''}: ${first?.problem ?? ''}): check the repository now.`,
    { drill },
  );
};
