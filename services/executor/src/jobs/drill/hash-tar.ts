import { exportTarCommand } from '@cyborgbackup/borg';
import { escapeBytes } from '@cyborgbackup/contracts';
import { createHash, type Hash } from 'node:crypto';
import { commandOptions, runBorgStep } from '../../borg/run-step.ts';
import type { BorgEndpoint } from '../../endpoints/borg-endpoint.ts';
import type { JobContext } from '../../job/job-context.ts';
import { JobFailure } from '../../job/job-failure.ts';
import { archiveOf } from '../../job/job-plan.ts';
import { createTarReader } from '../../tar/tar-reader.ts';
import { unsafeArchive } from '../restore/unsafe-entries.ts';

const FILE = '0';

/**
 * The SHA-256 (hex) of files of the archive by their paths, as `borg export-tar` writes them: another way out of the archive
 * than `borg extract`, which writes nothing to a disk. It comes first, and all that is read passes the gate.
 * @throws JobFailure also for an archive that is not safe
 */
export const hashTar = async (
  context: JobContext,
  endpoint: BorgEndpoint,
  paths: readonly string[],
): Promise<ReadonlyMap<string, string>> => {
  const hashes = new Map<string, string>();
  const archive = archiveOf(context.plan);
  let open: { readonly path: string; readonly hash: Hash } | undefined;
  const reader = createTarReader({
    begin: ({ name, type, unsafe }) => {
      if (unsafe !== '') throw unsafeArchive(archive, unsafe);
      open = type === FILE ? { path: escapeBytes(name), hash: createHash('sha256') } : undefined;
      return Promise.resolve();
    },
    data: (chunk) => {
      open?.hash.update(chunk);
      return Promise.resolve();
    },
    end: () => {
      if (open) hashes.set(open.path, open.hash.digest('hex'));
      return Promise.resolve();
    },
  });
  await runBorgStep(context, endpoint, {
    argv: exportTarCommand({ ...commandOptions(endpoint), archive, paths }),
    onStdout: reader.push,
  });
  if (!reader.isComplete()) throw new JobFailure('Borg ended before it had read all files: check the repository.');
  return hashes;
};
