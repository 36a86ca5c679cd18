import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { postgresBinaries, postgresPackage } from './postgres-binaries.ts';
import { serverIdentity } from './server-identity.ts';

const run = promisify(execFile);

test.runIf(process.getuid?.() === 0)(
  "PostgreSQL's binaries below a closed folder are copied to where the server's user can run them",
  async () => {
    const closed = await mkdtemp(join(tmpdir(), 'cyborgbackup-closed-'));
    const cache = join('/var/tmp', `cyborgbackup-cache-${process.pid}`);
    try {
      await run('cp', ['-a', '--link', postgresPackage(), join(closed, 'package')]).catch(() =>
        run('cp', ['-a', postgresPackage(), join(closed, 'package')]),
      );
      const identity = serverIdentity();
      const version = (folder: string) => run(join(folder, 'postgres'), ['--version'], { cwd: '/', ...identity });
      await expect(version(join(closed, 'package', 'native', 'bin'))).rejects.toThrow(/EACCES/);
      const [bin, same] = await Promise.all(
        [1, 2].map(() => postgresBinaries(identity, join(closed, 'package'), cache)),
      );
      expect(same).toBe(bin);
      expect((await version(bin!)).stdout).toMatch(/^postgres \(PostgreSQL\) 18/);
      expect(await postgresBinaries(undefined, join(closed, 'package'), cache)).toBe(
        join(closed, 'package', 'native', 'bin'),
      );
    } finally {
      await rm(closed, { recursive: true });
      await rm(cache, { recursive: true, force: true });
    }
  },
);
