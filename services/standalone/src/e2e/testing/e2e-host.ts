import { startTestSshd, type TestSshd } from '@cyborgbackup/testkit';
import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A host with an sshd, files to back up and room for a repository. */
export interface E2eHost extends AsyncDisposable {
  readonly sshd: TestSshd;
  readonly folder: string;
  /** Some files, about two megabytes. */
  readonly source: string;
  readonly repository: string;
  readonly repositoryUrl: string;
  readonly borgBase: string;
}

const FILES = 40;
const FILE_BYTES = 50_000;

export const startE2eHost = async (publicKey: string): Promise<E2eHost> => {
  const folder = await mkdtemp(join(tmpdir(), 'cyborgbackup-e2e-'));
  const source = join(folder, 'source');
  const borgBase = join(folder, 'borg');
  await mkdir(join(source, 'sub folder'), { recursive: true });
  await mkdir(borgBase);
  // Of an executor in this process: what its borg remembers is there too.
  process.env['HOME'] = borgBase;
  for (let index = 0; index < FILES; index += 1) {
    await writeFile(join(source, 'sub folder', `file ${index}.bin`), randomBytes(FILE_BYTES));
  }
  const sshd = await startTestSshd({ authorizedKeys: [publicKey], environment: { BORG_BASE_DIR: borgBase } });
  const repository = join(folder, 'repository');
  return {
    sshd,
    folder,
    source,
    borgBase,
    repository,
    repositoryUrl: `ssh://${sshd.user}@${sshd.host}:${sshd.port}${repository}`,
    [Symbol.asyncDispose]: async () => {
      await sshd.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
};
