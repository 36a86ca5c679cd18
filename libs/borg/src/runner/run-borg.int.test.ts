import { execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type BorgSite, createLocalSite, createPushSite, initialise, PASSPHRASE } from '../testing/borg-site.ts';
import { checkCommand, compactCommand, infoCommand } from '../commands/repository.ts';
import { createCommand } from '../commands/create.ts';
import { deleteCommand, extractCommand, listArchivesCommand, listEntriesCommand } from '../commands/archives.ts';
import { explainFailure } from '../explain/explain-failure.ts';
import { parseArchiveInfo, parseArchiveList, parseCreateResult, parseRepositoryInfo } from '../parse/json-results.ts';
import { type ArchiveEntry, createListParser } from '../parse/list-parser.ts';
import type { BorgLogMessage, BorgProgress } from '../parse/log-line.ts';
import { localRunner } from './local-runner.ts';
import { runBorg } from './run-borg.ts';
import { processesWith, until } from '../testing/test-host.ts';

const STAMP = '2026-01-31_04-30-00';

const archiveNames = async (site: BorgSite): Promise<string[]> => {
  const { stdout } = await site.run({ argv: listArchivesCommand({ repository: site.repository }) });
  return parseArchiveList(stdout).archives.map(({ name }) => name);
};

describe('with borg on a client and the repository on another host', () => {
  let site: Awaited<ReturnType<typeof createPushSite>>;
  beforeAll(async () => {
    site = await createPushSite();
    await mkdir(`${site.dir}/src`);
    await writeFile(`${site.dir}/src/hello`, 'hello world');
    expect(await initialise(site)).toMatchObject({ outcome: 'success', exitCode: 0 });
  });
  afterAll(() => site[Symbol.asyncDispose]());

  test('borg create reports progress and the result', async () => {
    const progress: BorgProgress[] = [];
    const log: BorgLogMessage[] = [];
    const result = await site.run({
      argv: createCommand({
        repository: site.repository,
        archive: `etc-web-${STAMP}`,
        source: { paths: [`${site.dir}/src`] },
        compression: 'zstd,3',
      }),
      onProgress: (step) => progress.push(step),
      onLog: (message) => log.push(message),
    });
    expect(result).toMatchObject({ outcome: 'success', messages: [] });
    const { archive, repository } = parseCreateResult(result.stdout);
    expect(archive).toMatchObject({ name: `etc-web-${STAMP}`, files: 1 });
    expect(archive.start).toMatch(/^20\d\d-.*Z$/);
    expect(Math.abs(Date.parse(archive.start) - Date.now())).toBeLessThan(60_000);
    expect(repository.id).toMatch(/^[0-9a-f]{64}$/);
    expect(progress.some((step) => step.type === 'archive_progress' && step.finished)).toBe(true);
    expect(log.length).toBeGreaterThan(0);
  });

  test('a repository has our passphrase, whatever passphrase the account exports', async () => {
    const repository = `${site.dir}/repo`;
    const env = { BORG_BASE_DIR: `${site.dir}/elsewhere` };
    const result = await runBorg(localRunner(), { argv: infoCommand({ repository }), passphrase: PASSPHRASE, env });
    expect(result).toMatchObject({ outcome: 'success' });
  });

  test('a repository that its host has put in the place of an encrypted one, and that is not, gets nothing', async () => {
    const other = `${site.dir}/other`;
    const repository = site.repository.replace(/repo$/, 'other');
    const env = { BORG_BASE_DIR: `${site.dir}/of-the-host`, BORG_UNKNOWN_UNENCRYPTED_REPO_ACCESS_IS_OK: 'yes' };
    execFileSync('borg', ['init', '--encryption=none', other], { env: { ...process.env, ...env } });
    const argv = createCommand({ repository, archive: 'plain', source: { paths: [`${site.dir}/src`] } });
    const refused = await site.run({ argv });
    expect(explainFailure(refused)).toMatchObject({ kind: 'bad-repository' });
    const archives = execFileSync('borg', ['list', other], { env: { ...process.env, ...env }, encoding: 'utf8' });
    expect(archives).toBe('');
    expect(await site.run({ argv, mayBeUnencrypted: true })).toMatchObject({ outcome: 'success' });
  });

  test('borg list, info and extract return what was stored', async () => {
    const entries: ArchiveEntry[] = [];
    const parser = createListParser();
    const archive = `etc-web-${STAMP}`;
    const listed = await site.run({
      argv: listEntriesCommand({ repository: site.repository, archive }),
      onStdout: (chunk) => void entries.push(...parser.push(chunk)),
    });
    expect(listed.outcome).toBe('success');
    const name = `${site.dir}/src`.slice(1);
    expect(entries).toMatchObject([
      { type: 'd', path: name },
      {
        type: '-',
        path: `${name}/hello`,
        size: 11,
        mode: '-rw-r--r--',
        healthy: true,
        mtime: expect.stringMatching(/Z$/),
      },
    ]);
    const repository = parseRepositoryInfo(
      (await site.run({ argv: infoCommand({ repository: site.repository }) })).stdout,
    );
    expect(repository).toMatchObject({ encryption: 'repokey-blake2', cache: { totalChunks: 3 } });
    const info = parseArchiveInfo(
      (await site.run({ argv: infoCommand({ repository: site.repository, archive }) })).stdout,
    );
    expect(info.archive).toMatchObject({ originalSize: 11, files: 1 });

    const content = await site.run({
      argv: extractCommand({ repository: site.repository, archive, paths: [`${name}/hello`], stdout: true }),
    });
    expect(content.stdout).toBe('hello world');
    await mkdir(`${site.dir}/restored here`);
    const restored = await site.run({
      argv: extractCommand({
        repository: site.repository,
        archive,
        paths: [name],
      }),
      directory: `${site.dir}/restored here`,
    });
    expect(restored.outcome).toBe('success');
    expect(await readFile(`${site.dir}/restored here/${name}/hello`, 'utf8')).toBe('hello world');
  });

  test('borg delete takes archive names literally, and compact and check succeed after it', async () => {
    for (const archive of ['etc-web-1', 'etc-web-[0-9]']) {
      await site.run({
        argv: createCommand({ repository: site.repository, archive, source: { paths: [`${site.dir}/src`] } }),
      });
    }
    expect(
      (await site.run({ argv: deleteCommand({ repository: site.repository, archives: ['etc-web-[0-9]'] }) })).outcome,
    ).toBe('success');
    expect((await site.run({ argv: compactCommand({ repository: site.repository }) })).outcome).toBe('success');
    expect((await site.run({ argv: checkCommand({ repository: site.repository, verifyData: true }) })).outcome).toBe(
      'success',
    );
  });

  test('borg says in the lock of its cache whom it works for, and the borg that serves the repository does not', async () => {
    const locks = ['sh', '-c', `cd ${site.dir} && ls base/.cache/borg/*/lock.exclusive repo/lock.exclusive`];
    const argv = createCommand({
      repository: site.repository,
      archive: 'locks',
      source: { command: locks, name: 'x' },
    });
    expect((await site.run({ argv, lockOwner: 'job-1' })).outcome).toBe('success');
    const read = extractCommand({ repository: site.repository, archive: 'locks', stdout: true });
    const [cache = '', repository = ''] = (await site.run({ argv: read })).stdout.split('\n\n');
    expect(cache.split('\n').at(-1)).toMatch(new RegExp(`^job-1@${hostname()}[.]\\d+-0$`));
    expect(repository).toMatch(/lock.exclusive:\n/);
    expect(repository).not.toContain('job-1');
  });
});

describe('with borg and repository on this host', () => {
  let site: BorgSite;
  beforeAll(async () => {
    site = await createLocalSite();
    await initialise(site);
  });
  afterAll(() => site[Symbol.asyncDispose]());

  test('file names with any bytes are backed up and restored unchanged', async () => {
    const names = [
      ' blank ',
      'quote\'"',
      'new\nline',
      '-dash',
      '*glob?[x]',
      '$(id)`id`',
      'caf\udce9',
      'ünï',
      're:x',
      '{now}',
    ];
    const source = `${site.dir}/a 'src' -x\n{user}`;
    await mkdir(source);
    for (const name of names) {
      const bytes = name.replace('\udce9', '');
      await writeFile(
        Buffer.concat([Buffer.from(`${source}/${bytes}`), ...(bytes === name ? [] : [Buffer.of(0xe9)])]),
        name,
      );
    }
    const paths = names.map((name) => `${source}/${name}`);
    // Borg itself cannot take a source that is not UTF-8; inside a folder it can.
    const sources = [...paths.filter((path) => !path.includes('\udce9')), source];
    const created = await site.run({
      argv: createCommand({ repository: site.repository, archive: 'weird', source: { paths: sources } }),
    });
    expect(created).toMatchObject({ outcome: 'success', messages: [] });
    expect(() => createCommand({ repository: site.repository, archive: 'x', source: { paths } })).toThrow(
      'caf?", whose name is not UTF-8',
    );

    await mkdir(`${site.dir}/out`);
    const restored = await site.run({
      argv: extractCommand({
        repository: site.repository,
        archive: 'weird',
        paths: paths.map((path) => path.slice(1)),
      }),
      directory: `${site.dir}/out`,
    });
    expect(restored.outcome).toBe('success');
    const diff = execFileSync('diff', ['-r', source, `${site.dir}/out${source}`], { encoding: 'utf8' });
    expect(diff).toBe('');
  });

  test('relative sources that begin with a dash are not taken for options', async () => {
    await mkdir(`${site.dir}/--progress`);
    const result = await site.run({
      argv: createCommand({
        repository: site.repository,
        archive: 'dash',
        source: { paths: ['--progress', '-'.repeat(3)] },
      }),
      directory: site.dir,
    });
    expect(result).toMatchObject({ outcome: 'warning', messages: [{ message: expect.stringMatching(/^---: /) }] });
  });

  test('a dump is kept when it succeeds, and leaves no archive when it fails half-way', async () => {
    const dump = (archive: string, script: string): string[] =>
      createCommand({
        repository: site.repository,
        archive,
        source: { command: ['bash', '-o', 'pipefail', '-c', script], name: 'db.sql' },
      });
    const good = await site.run({ argv: dump('dump-good', 'cat | tr a-z A-Z'), input: 'password=secret' });
    expect(good.outcome).toBe('success');
    const content = await site.run({
      argv: extractCommand({ repository: site.repository, archive: 'dump-good', stdout: true }),
    });
    expect(content.stdout).toBe('PASSWORD=SECRET');

    const bad = await site.run({ argv: dump('dump-bad', '(echo half; exit 3) | cat') });
    expect(bad).toMatchObject({
      outcome: 'error',
      messages: [{ message: expect.stringContaining("'bash' exited with status 3") }],
    });
    const names = await archiveNames(site);
    expect(names).toContain('dump-good');
    expect(names.filter((name) => name.startsWith('dump-bad'))).toEqual([]);
  });

  test('the configuration of ssh that the account has changes nothing that borg or our key depends on', async () => {
    const file = `${site.dir}/ssh_config`;
    const theirs = {
      requesttty: 'force',
      remotecommand: 'cat',
      permitlocalcommand: 'yes',
      pubkeyauthentication: 'false',
      preferredauthentications: 'password',
      identityagent: '/elsewhere',
      identitiesonly: 'yes',
      controlmaster: 'auto',
      controlpath: `${site.dir}/control`,
      localforward: '9 [localhost]:9',
      forwardx11: 'yes',
      forwardagent: 'yes',
      tunnel: 'point-to-point',
      loglevel: 'DEBUG3',
      batchmode: 'no',
      stricthostkeychecking: 'false',
      updatehostkeys: 'true',
      connecttimeout: '7000',
    };
    const lines = Object.entries(theirs).map(([name, value]) => `${name} ${value}`);
    await writeFile(file, [...lines, 'proxyjump gate'].join('\n'));
    const show = ['sh', '-c', '$BORG_RSH -F "$0" -G host', file];
    const create = createCommand({
      repository: site.repository,
      archive: 'ssh',
      source: { command: show, name: 'options' },
    });
    expect((await site.run({ argv: create })).outcome).toBe('success');
    const read = extractCommand({ repository: site.repository, archive: 'ssh', stdout: true });
    const effective = (await site.run({ argv: read })).stdout.split('\n');
    expect(effective.filter((line) => lines.includes(line))).toEqual([]);
    expect(effective).toEqual(expect.arrayContaining(['requesttty false', 'loglevel INFO', 'proxyjump gate']));
  });

  test('an error in the callback for standard output stops borg', async () => {
    let chunks = 0;
    const listing = randomUUID();
    const run = site.run({
      argv: listEntriesCommand({ repository: site.repository, archive: 'weird' }),
      env: { ...site.env, LISTING: listing },
      onStdout: () => {
        chunks += 1;
        expect(processesWith('environ', listing)).not.toEqual([]);
        return Promise.reject(new Error('the catalog is full'));
      },
    });
    await expect(run).rejects.toThrow('the catalog is full');
    expect(chunks).toBe(1);
    await until('borg is gone', () => processesWith('environ', listing).length === 0);
  });

  test('secrets appear in no process list, environment or file while borg runs', async () => {
    const input = 'db-password-in-transit';
    const needles = [PASSPHRASE, input];
    // The dump looks at every process of the machine while borg holds its secrets, and waits until its input was read.
    const look =
      'cat >/dev/null; for p in /proc/[0-9]*; do tr "\\0" "\\n" <"$p/cmdline"; tr "\\0" "\\n" <"$p/environ"; done 2>/dev/null; find /tmp/cyborgbackup.* -type f -exec cat {} +';
    const argv = createCommand({
      repository: site.repository,
      archive: 'look',
      source: { command: ['sh', '-c', look], name: 'seen' },
    });
    expect((await site.run({ argv, input })).outcome).toBe('success');
    const seen = (
      await site.run({ argv: extractCommand({ repository: site.repository, archive: 'look', stdout: true }) })
    ).stdout;
    expect(seen).toContain('BORG_PASSPHRASE_FD=4');
    expect(needles.filter((needle) => seen.includes(needle))).toEqual([]);
  });
});
