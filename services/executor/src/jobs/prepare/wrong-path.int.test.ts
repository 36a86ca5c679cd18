import { catalogCommands } from '@cyborgbackup/contracts';
import { readFile, writeFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { borgIdOf, repositoryPrepared } from '../../testing/job-fixtures.ts';
import { startJobSite, type EndedJob, type JobSite } from '../../testing/job-site.ts';

/*
 * A repository that was backed up to, and its record's path changed to another place.
 */

let site: JobSite;
let compared = 0;

const at = (endpoint: string) => ({ ...site.repository, path: site.repository.path.replace(/repository$/, endpoint) });

/** A preparation keeps the key to its path; so that the other places can be looked at, it is then let in everywhere again. */
const prepare = async (endpoint: string): Promise<EndedJob> => {
  const file = join(site.repositoryHost.dir, '.ssh/authorized_keys');
  const everywhere = await readFile(file);
  const sketch = { check: 'repository', client: null, archive_name: null, repository: at(endpoint) } as const;
  const ended = await site.runJob({ job_type: 'check', ...sketch });
  await writeFile(file, everywhere);
  return ended;
};

const check = (endpoint: string): Promise<EndedJob> =>
  site.runJob({ job_type: 'check', check: 'archives', client: null, archive_name: null, repository: at(endpoint) });

const prepared = async (endpoint: string): Promise<void> => {
  const { uuid } = site.repository;
  await site.append(`repository-${uuid}`, repositoryPrepared(uuid, await borgIdOf(join(site.folder, endpoint))));
};

beforeAll(async () => {
  site = await startJobSite();
  await writeFile(join(site.folder, 'source', 'file'), 'kept');
  site.answer(catalogCommands.reconcile.subject, () => {
    compared += 1;
    return { vanished: [], reappeared: [], unknown: [], position: null };
  });
  await site.borg('init', '--encryption=repokey-blake2', join(site.folder, 'other'));
});

afterAll(() => site[Symbol.asyncDispose]());

describe('a repository of a policy', () => {
  it('may be initialised anywhere before the first backup, also when it was prepared at another path', async () => {
    await prepared('other');
    expect(await prepare('repository')).toMatchObject({ status: 'successful' });
    await prepared('repository');
    expect(await prepare('first')).toMatchObject({ status: 'successful' });
    expect(existsSync(join(site.folder, 'first', 'config'))).toBe(true);
  });

  it('is not initialised again at a wrong path, and another repository there is refused', async () => {
    expect(await site.runJob({ archive_name: 'one' })).toMatchObject({ status: 'successful' });
    const id = await borgIdOf(join(site.folder, 'repository'));
    const nothing = await prepare('elsewhere');
    expect(nothing).toMatchObject({ status: 'failed' });
    expect(nothing.reason).toMatch(
      new RegExp(
        `no repository at ssh://\\S+/elsewhere, but .* Main \\(archives: 1, borg's id: ${id}\\): correct its path`,
      ),
    );
    expect(existsSync(join(site.folder, 'elsewhere'))).toBe(false);

    const stranger = await prepare('first');
    expect(stranger).toMatchObject({ status: 'failed' });
    expect(stranger.reason).toContain(`/first (${await borgIdOf(join(site.folder, 'first'))}) is another`);

    expect(await prepare('repository')).toMatchObject({ status: 'successful' });
  });

  it('is not reconciled with the archives of another repository', async () => {
    const ended = await check('first');
    expect(ended).toMatchObject({ status: 'failed', end: { check: null } });
    expect(ended.reason).toMatch(/is [0-9a-f]{64}, not [0-9a-f]{64} that was prepared.*correct the path/);
    expect(compared).toBe(0);
    expect(await check('repository')).toMatchObject({ status: 'successful' });
    expect(compared).toBe(1);
  });
});
