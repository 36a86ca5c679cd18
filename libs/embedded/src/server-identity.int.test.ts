import { mkdir, mkdtemp, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { changeOwner } from './server-identity.ts';

test.runIf(process.getuid?.() === 0)(
  'changeOwner gives a folder and all in it away, but no target of its links',
  async () => {
    const top = await mkdtemp(join(tmpdir(), 'cyborgbackup-give-'));
    const [folder, secret] = [join(top, 'folder'), join(top, 'secret')];
    await mkdir(join(folder, 'below'), { recursive: true });
    await writeFile(join(folder, 'below', 'file'), '');
    await writeFile(secret, '');
    await symlink(secret, join(folder, 'link'));

    await changeOwner(folder, { uid: 65_530, gid: 65_530 });
    for (const path of [folder, join(folder, 'below'), join(folder, 'below', 'file')]) {
      expect(await stat(path)).toMatchObject({ uid: 65_530, gid: 65_530 });
    }
    expect(await stat(secret)).toMatchObject({ uid: 0, gid: 0 });
    await rm(top, { recursive: true });
  },
);
