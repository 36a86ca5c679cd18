import { createListParser, listEntriesCommand, localRunner, runBorg } from '@cyborgbackup/borg';
import type { CatalogEntry } from '@cyborgbackup/contracts';
import { toCatalogEntry } from '@cyborgbackup/executor';
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

/** Installed programs: what there is on any machine. */
const SOURCE = ['/usr/lib', '/usr/share', '/usr/bin', '/etc'];

const run = promisify(execFile);

/** A real archive of this machine's programs, in a repository that goes with it. */
export interface RealArchive extends AsyncDisposable {
  /** Hands over borg's listing, entry by entry; borg waits meanwhile. */
  list(take: (entry: CatalogEntry) => Promise<void> | void): Promise<void>;
}

export const makeRealArchive = async (): Promise<RealArchive> => {
  const folder = await mkdtemp(join(tmpdir(), 'cyborgbackup-bench-'));
  const variables = { BORG_BASE_DIR: join(folder, 'base') };
  const env = { ...process.env, ...variables, BORG_UNKNOWN_UNENCRYPTED_REPO_ACCESS_IS_OK: 'yes' };
  const repository = join(folder, 'repository');
  await run('borg', ['init', '-e', 'none', repository], { env });
  await run('borg', ['create', '--compression=none', `${repository}::archive`, ...SOURCE], { env });
  return {
    list: async (take) => {
      const parser = createListParser();
      const { outcome } = await runBorg(localRunner(), {
        argv: listEntriesCommand({ repository, archive: 'archive' }),
        passphrase: '',
        env: variables,
        onStdout: async (chunk) => {
          for (const entry of parser.push(chunk)) await take(toCatalogEntry(entry));
        },
      });
      parser.end();
      if (outcome !== 'success') throw new Error('Borg did not list the archive');
    },
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
  };
};
