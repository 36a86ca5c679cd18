import { cp, mkdir, open, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { randomBytes } from 'node:crypto';
import { delimiter } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type BorgSite, createLocalSite, initialise } from '../testing/borg-site.ts';
import { checkCommand, type CheckCommandOptions } from '../commands/repository.ts';
import { createCommand } from '../commands/create.ts';
import { type CheckFindings, createCheckFindings } from './check-findings.ts';

let site: BorgSite;
beforeAll(async () => {
  site = await createLocalSite();
  await initialise(site);
  await mkdir(`${site.dir}/src`);
  await writeFile(`${site.dir}/src/big: one`, randomBytes(3_000_000));
  await writeFile(`${site.dir}/src/small`, 'small');
  for (const archive of ['first', 'web: second']) {
    await writeFile(`${site.dir}/src/of ${archive}`, '');
    const argv = createCommand({ repository: site.repository, archive, source: { paths: ['src'] } });
    expect(await site.run({ argv, directory: site.dir })).toMatchObject({ outcome: 'success' });
  }
});
afterAll(() => site[Symbol.asyncDispose]());

const folder = (repository: string): string => `${repository}/data/0`;

/** The segment with the files' data is the largest. */
const dataSegment = async (repository: string): Promise<string> => {
  const names = await readdir(folder(repository));
  const sizes = await Promise.all(names.map(async (name) => (await stat(`${folder(repository)}/${name}`)).size));
  return `${folder(repository)}/${names[sizes.indexOf(Math.max(...sizes))]}`;
};

const flipByte = async (repository: string): Promise<void> => {
  await using file = await open(await dataSegment(repository), 'r+');
  await file.write(Buffer.of(0x55, 0xaa), 0, 2, 500_000);
};

/** As after a disk that lost a file: borg builds its index anew and finds what is not there. */
const loseData = async (repository: string): Promise<void> => {
  await rm(await dataSegment(repository));
  for (const name of await readdir(repository))
    if (/^(index|hints|integrity)\./.test(name)) await rm(`${repository}/${name}`);
};

/** The installed borg, and another release whose folder is named in the environment. */
const BORGS = ['', ...(process.env['CYBORGBACKUP_TEST_BORG'] ?? '').split(delimiter).filter(Boolean)];

describe.each(BORGS)('with the borg of PATH "%s"', (bin) => {
  const check = async (
    damage: (repository: string) => Promise<void>,
    { archive, ...options }: Partial<CheckCommandOptions> & { archive?: string } = {},
  ): Promise<CheckFindings & { outcome: string }> => {
    const repository = `${site.dir}/damaged`;
    await cp(site.repository, repository, { recursive: true });
    await damage(repository);
    const { add, findings } = createCheckFindings();
    const command = checkCommand({ repository, ...options });
    const argv = archive === undefined ? command : [...command.slice(0, -1), `${repository}::${archive}`];
    const { outcome } = await site.run({
      argv,
      env: { ...site.env, ...(bin === '' ? {} : { PATH: `${bin}:${process.env['PATH']}` }) },
      onLog: add,
    });
    await rm(repository, { recursive: true });
    return { ...findings(), outcome };
  };

  test('a check of a sound repository finds nothing', async () => {
    expect(await check(() => Promise.resolve(), { verifyData: true })).toEqual({
      outcome: 'success',
      isClean: true,
      damagedArchives: [],
      damagedFiles: [],
      damagedFileCount: 0,
      defectChunks: 0,
      repositoryErrors: [],
      archivesChecked: true,
    });
  });

  test("a changed byte is found in the repository's structure, and by verifying the data", async () => {
    expect(await check(flipByte)).toMatchObject({
      outcome: 'warning',
      isClean: false,
      archivesChecked: false,
      repositoryErrors: expect.arrayContaining([expect.stringMatching(/checksum mismatch/)]),
    });
    expect(await check(flipByte, { only: 'archives', verifyData: true })).toMatchObject({
      outcome: 'warning',
      isClean: false,
      archivesChecked: true,
      defectChunks: 1,
      repositoryErrors: [],
    });
  });

  test('lost data is reported by archive and file', async () => {
    const found = await check(loseData);
    expect(found).toMatchObject({ outcome: 'warning', isClean: false, archivesChecked: true });
    expect(found.damagedArchives).toEqual(['first', 'web: second']);
    expect(found.damagedFiles).toContainEqual({ archive: 'web: second', path: 'src/big: one' });
    expect(found.damagedFiles).toContainEqual({ archive: 'web: second', path: 'src/small' });
    expect(found.damagedFileCount).toBe(found.damagedFiles.length);
  });

  test('a check of a missing archive names it', async () => {
    const found = await check(() => Promise.resolve(), { archive: 'third' });
    expect(found).toMatchObject({ isClean: false, damagedArchives: ['third'] });
  });
});
