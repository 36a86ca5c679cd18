import { runCommand } from '@cyborgbackup/borg';
import { readFileSync } from 'node:fs';
import type { JobContext } from '../../job/job-context.ts';
import { JobFailure } from '../../job/job-failure.ts';
import { WALK } from './folders.ts';
import type { RestoreTarget } from './restore-target.ts';
import type { SelectedEntries } from './selected-entries.ts';

const scriptOf = (name: string): string => readFileSync(new URL(name, import.meta.url), 'utf8');
const SCRIPT = [WALK, scriptOf('./folder-time.sh'), scriptOf('./folder-attributes.sh')].join('\n');
const TIMEOUT_MILLIS = 60 * 60_000;

/**
 * Gives the selected folders that were there already the owner, mode and time of the archive: their contents were moved into them.
 * @param extracted what is left of the private folder that borg extracted to, and where the times of folders were kept
 * @throws JobFailure
 */
export const restoreFolderAttributes = async (
  restore: {
    readonly context: JobContext;
    readonly target: Pick<RestoreTarget, 'files'>;
    readonly entries: SelectedEntries;
    readonly root: string;
    readonly inPlace: boolean;
  },
  extracted: { readonly stage: string; readonly times: string },
): Promise<void> => {
  const { context, target, entries, root, inPlace } = restore;
  const { signal } = context;
  await entries.each(async (batch) => {
    const folders = batch.filter(({ type }) => type === 'd').map(({ path }) => path);
    if (folders.length === 0) return;
    const argv = ['sh', '-c', SCRIPT, 'sh', extracted.stage, root, extracted.times, inPlace ? 'yes' : 'no', ...folders];
    const { exitCode, stderr } = await runCommand(target.files, argv, { signal, timeoutMillis: TIMEOUT_MILLIS });
    if (exitCode === 0) return;
    throw new JobFailure(
      `All files are in their places, but folders in ${root} on ${target.files.where} could not be given their owner, mode and time: ${stderr.trim().slice(0, 300)}`,
    );
  });
};
