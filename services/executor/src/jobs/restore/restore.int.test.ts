import { localRunner, probeConfinement, quote } from '@cyborgbackup/borg';
import { CANCEL_SIGNAL, jobStream, RUN_ON_REPOSITORY_HOST_SETTING, type RestoreRequest } from '@cyborgbackup/contracts';
import { execFileSync } from 'node:child_process';
import { randomBytes, randomUUID } from 'node:crypto';
import {
  chmodSync,
  chownSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { settingChanged } from '../../testing/job-fixtures.ts';
import { startBorgSite, type BorgSite, type EndedJob } from '../../testing/borg-site.ts';

let site: BorgSite;
let dest: string;
let source: string;
const ODD = Buffer.concat([Buffer.from('odd\n"\'$(x) * \u{1f389} '), Buffer.from([0xff])]);
const ODD_PATH = 'tree/odd\n"\'$(x) * \u{1f389} \udcff';
const OLD = new Date('2020-01-01T00:00:00Z');
const MIDDLE = new Date('2022-06-01T12:00:00Z');
const NEW = new Date('2024-01-01T00:00:00Z');

const python = (code: string): string => execFileSync('python3', ['-c', `import os; ${code}`], { encoding: 'utf8' });
const ACL = 'system.posix_acl_access';
const xattr = (path: string, name: string): string => python(`print(os.getxattr("${path}", "${name}"))`);
/** The owner reads and writes, user 1 and group 2 read, others nothing: as `setfacl` writes it, which need not be installed. */
const setAcl = (path: string): void => {
  const entries = '(1, 6, -1), (2, 4, 1), (4, 0, -1), (8, 4, 2), (16, 4, -1), (32, 0, -1)';
  const acl = `struct.pack("<I", 2) + b"".join(struct.pack("<HHi", *each) for each in [${entries}])`;
  python(`import struct; os.setxattr("${path}", "${ACL}", ${acl})`);
};
const odd = (folder: string): Buffer => Buffer.concat([Buffer.from(`${folder}/tree/`), ODD]);

beforeAll(async () => {
  site = await startBorgSite();
  source = join(site.folder, 'source');
  mkdirSync(join(source, 'tree', 'sub'), { recursive: true });
  writeFileSync(join(source, 'tree', 'a.txt'), 'a in the archive');
  writeFileSync(join(source, 'tree', 'b.txt'), 'b in the archive');
  writeFileSync(join(source, 'tree', '-n'), 'hyphen');
  writeFileSync(odd(source), 'odd one');
  writeFileSync(join(source, 'tree', 'sub', 'script'), 'run');
  chownSync(join(source, 'tree', 'sub', 'script'), 12_345, 54_321);
  chmodSync(join(source, 'tree', 'sub', 'script'), 0o4751);
  linkSync(join(source, 'tree', 'a.txt'), join(source, 'tree', 'sub', 'hard'));
  symlinkSync('../b.txt', join(source, 'tree', 'sub', 'soft'));
  execFileSync('mkfifo', [join(source, 'tree', 'sub', 'pipe')]);
  execFileSync('mknod', [join(source, 'tree', 'sub', 'null'), 'c', '1', '3']);
  mkdirSync(join(source, 'tree', 'empty'));
  writeFileSync(join(source, 'listed'), 'for some');
  setAcl(join(source, 'listed'));
  python(`os.setxattr("${join(source, 'tree', '-n')}", "user.note", b"kept")`);
  for (const name of ['a.txt', 'b.txt', '-n']) utimesSync(join(source, 'tree', name), MIDDLE, MIDDLE);
  utimesSync(odd(source), MIDDLE, MIDDLE);
  writeFileSync(join(source, 'big.bin'), randomBytes(60 * 1024 * 1024));
  writeFileSync(join(source, 'sparse'), 'begin');
  truncateSync(join(source, 'sparse'), 32 * 1024 * 1024);
  await site.borg(['create', '::archive', 'tree', 'big.bin', 'sparse', 'listed'], { cwd: source });
});
afterAll(() => site[Symbol.asyncDispose]());
beforeEach(() => {
  dest = join(site.folder, `dest ' ${randomBytes(4).toString('hex')}`);
});

const restore = (request: Partial<RestoreRequest>): Promise<EndedJob> =>
  site.runJob({ restore: requestOf(request), id: 7 });
const requestOf = (request: Partial<RestoreRequest>): RestoreRequest => ({
  item: '',
  items: [],
  patterns: [],
  dest_folder: dest,
  destination: 'client',
  replace: 'always',
  verify: 'sizes',
  numeric_ids: false,
  dry_run: false,
  database: false,
  allow_unsafe: false,
  ...request,
});
/** Whether borg could write elsewhere, which the job's output says. */
const saysUnconfined = async (job: string): Promise<boolean> =>
  (await site.output(job)).includes('cannot be confined to the folder it extracts to');
const canConfine = (await probeConfinement(localRunner())) === '';
const read = (path: string): string => readFileSync(join(dest, path), 'utf8');
const staging = (folder = dest): string[] => readdirSync(folder).filter((name) => name.startsWith('.cyborgbackup'));

const compareTrees = (): void => {
  const manifest = (folder: string): string =>
    execFileSync('find', ['tree', '-printf', '%p %y %m %U %G %s %T@ %l %n\\0'], { cwd: folder, encoding: 'latin1' })
      .split('\0')
      // The number of links and the size of a folder are the file system's own.
      .map((line) => (/ d \d/.test(line) ? line.replace(/(\d+) (\d+) \d+ (\S+) {2}\d+$/, '$1 $2 $3') : line))
      .toSorted()
      .join('\0');
  expect(manifest(dest)).toEqual(manifest(source));
};

/** Whether borg may run on the repository's host. */
const runOnHost = (value: 'True' | 'False'): Promise<void> =>
  site.append('settings', settingChanged(RUN_ON_REPOSITORY_HOST_SETTING, value));

it("a restore to the repository's host goes through a mount, and refuses links with advice", async () => {
  const destination = 'repository';
  const ended = await restore({ items: ['tree/a.txt', 'tree/empty'], destination, verify: 'contents' });
  expect([ended.status, ended.reason]).toEqual(['successful', '']);
  expect(read('tree/a.txt')).toBe('a in the archive');
  expect(staging()).toEqual([]);
  expect(await restore({ items: ['tree/sub/soft'], destination })).toMatchObject({
    status: 'failed',
    reason: expect.stringMatching(/soft is a symbolic link.*cyborgbackup_run_on_repository_host/),
  });
});

describe('a restore into an empty folder', () => {
  it.each([
    ['always', 'client'],
    ['never', 'client'],
    ['keep-both', 'repository'],
  ] as const)('by the policy %s on the %s brings everything back as it was', async (replace, destination) => {
    if (destination === 'repository') await runOnHost('True');
    const { status, end, reason, job } = await restore({ items: ['/tree/'], replace, destination });
    if (destination === 'repository') await runOnHost('False');
    expect([status, reason]).toEqual(['successful', '']);
    expect(await saysUnconfined(job)).toBe(!canConfine);
    expect(end).toMatchObject({
      warnings: [],
      restored: { files: 9, bytes: 48, replaced: 0, skipped: 0, kept_both: 0, verified: 9, mismatches: [] },
    });
    compareTrees();
    expect(xattr(join(dest, 'tree', '-n'), 'user.note')).toBe("b'kept'\n");
    expect(lstatSync(join(dest, 'tree/sub/null')).rdev).toBe(lstatSync(join(source, 'tree/sub/null')).rdev);
    expect(lstatSync(join(dest, 'tree/a.txt')).ino).toBe(lstatSync(join(dest, 'tree/sub/hard')).ino);
    expect(staging()).toEqual([]);
  });

  it('brings access control lists back', async () => {
    expect(await restore({ item: 'listed', replace: 'never' })).toMatchObject({ status: 'successful' });
    expect(xattr(join(dest, 'listed'), ACL)).toBe(xattr(join(source, 'listed'), ACL));
  });

  it('selects one file by its path, one by its bytes, others by a pattern', async () => {
    const request = { item: 'tree/a.txt', items: [ODD_PATH], patterns: ['sh:tree/**/sc*'] };
    expect(await restore({ ...request, verify: 'contents' })).toMatchObject({
      status: 'successful',
      end: { restored: { files: 3, verified: 3 } },
    });
    expect(readFileSync(odd(dest), 'utf8')).toBe('odd one');
    expect(readdirSync(join(dest, 'tree')).length).toBe(3);
    expect(lstatSync(join(dest, 'tree/sub/script')).mode & 0o7777).toBe(0o4751);
  });
});

describe('a restore where files exist already', () => {
  beforeEach(() => {
    mkdirSync(join(dest, 'tree', 'sub'), { recursive: true });
    writeFileSync(join(dest, 'tree', 'a.txt'), 'older');
    utimesSync(join(dest, 'tree', 'a.txt'), OLD, OLD);
    writeFileSync(join(dest, 'tree', 'b.txt'), 'much younger');
    utimesSync(join(dest, 'tree', 'b.txt'), NEW, NEW);
    writeFileSync(odd(dest), 'odd one');
    utimesSync(odd(dest), MIDDLE, MIDDLE);
    symlinkSync('elsewhere', join(dest, 'tree', 'sub', 'soft'));
    mkdirSync(join(dest, 'tree', '-n'));
    writeFileSync(join(dest, 'tree', '-n', 'inside'), 'mine');
  });

  it('replaces older files only by the policy newer', async () => {
    // The link in the archive is younger than this.
    execFileSync('touch', ['-h', '-d', OLD.toISOString(), join(dest, 'tree', 'sub', 'soft')]);
    const restored = { files: 6, replaced: 2, skipped: 3, kept_both: 0 };
    const dry = await restore({ item: 'tree', replace: 'newer', dry_run: true });
    expect(dry.end).toMatchObject({ restored });
    expect(read('tree/a.txt')).toBe('older');
    const { status, reason, end } = await restore({ item: 'tree', replace: 'newer' });
    expect([status, reason]).toEqual(['successful', '']);
    expect(end).toMatchObject({ restored: { ...restored, verified: 9, mismatches: [] } });
    expect([read('tree/a.txt'), read('tree/b.txt')]).toEqual(['a in the archive', 'much younger']);
    expect(readlinkSync(join(dest, 'tree/sub/soft'))).toBe('../b.txt');
    expect([read('tree/-n/inside'), read('tree/sub/script')]).toEqual(['mine', 'run']);
    expect(staging()).toEqual([]);
  });

  it('keeps existing files by the policy never, after an attempt that left its private folder behind', async () => {
    const uuid = randomUUID();
    const left = join(dest, `.cyborgbackup-restore-${uuid}`);
    mkdirSync(join(left, 'tree'), { recursive: true });
    writeFileSync(join(left, 'tree', 'half'), 'a part of');
    const restored = { files: 1, bytes: 3, skipped: 0 };
    expect(
      await site.runJob({ uuid, restore: requestOf({ items: ['tree/sub/script'], replace: 'never' }) }),
    ).toMatchObject({ status: 'successful', end: { restored } });
    expect([staging(), staging(join(dest, 'tree'))]).toEqual([[], []]);
  });

  it('replaces all files by the policy always', async () => {
    rmSync(join(dest, 'tree', '-n'), { recursive: true });
    const dry = await restore({ item: 'tree', dry_run: true });
    expect(dry.end).toMatchObject({ restored: { files: 9, replaced: 4, skipped: 0 } });
    const output = await site.output(dry.job);
    expect(output).toMatch(/^replace +tree\/a\.txt$/m);
    expect(output).toMatch(/^new +tree\/sub\/script$/m);
    expect(await restore({ item: 'tree' })).toMatchObject({
      status: 'successful',
      end: { restored: { files: 9, replaced: 4, skipped: 0, kept_both: 0, verified: 9 } },
    });
    compareTrees();
  });
});

it('restores files in place at their original paths', async () => {
  const endpoint = join(site.folder, 'in place');
  mkdirSync(endpoint);
  writeFileSync(join(endpoint, 'file'), 'first');
  const path = join(endpoint, 'file');
  await site.borg(['create', '::in-place', endpoint]);
  writeFileSync(path, 'second');
  const request = { dest_folder: '', item: path, destination: 'client' } as const;
  const never = await site.runJob({ archive_name: 'in-place', restore: requestOf({ ...request, replace: 'never' }) });
  expect(never).toMatchObject({ status: 'successful', end: { restored: { skipped: 1 } } });
  expect(readdirSync(endpoint)).toEqual(['file']);
  expect(readFileSync(path, 'utf8')).toBe('second');
  const always = await site.runJob({ archive_name: 'in-place', restore: requestOf(request) });
  expect(always).toMatchObject({ status: 'successful', end: { restored: { replaced: 1 } } });
  expect(readFileSync(path, 'utf8')).toBe('first');
});

describe('a restore into a home folder', () => {
  const POLICIES = ['always', 'keep-both'] as const;
  let home: string;
  let docs: string;
  let archive: string;
  const inPlace = (request: Partial<RestoreRequest>): Promise<EndedJob> =>
    site.runJob({
      archive_name: archive,
      restore: requestOf({ dest_folder: '', destination: 'client', item: join(docs, 'f'), ...request }),
    });

  beforeEach(async () => {
    archive = `ho(me+-${randomBytes(4).toString('hex')}`;
    home = join(site.folder, archive);
    docs = join(home, 'docs');
    mkdirSync(docs, { recursive: true });
    writeFileSync(join(docs, 'f'), 'archived');
    for (const path of [home, docs, join(docs, 'f')]) chownSync(path, 1000, 1000);
    chmodSync(docs, 0o750);
    await site.borg(['create', `::${archive}`, home]);
    rmSync(docs, { recursive: true });
  });

  it.each(POLICIES)('by the policy %s brings a missing folder above a file back as it was', async (replace) => {
    rmSync(home, { recursive: true });
    expect(await inPlace({ replace })).toMatchObject({ status: 'successful', end: { warnings: [] } });
    const { uid, gid, mode } = lstatSync(docs);
    expect([uid, gid, mode & 0o7777]).toEqual([1000, 1000, 0o750]);
    // What the archive does not have above is open to all.
    expect(await inPlace({ replace, dest_folder: dest })).toMatchObject({ status: 'successful', reason: '' });
    expect(lstatSync(join(dest, site.folder)).mode & 0o7777).toBe(0o755);
    expect(lstatSync(join(dest, docs)).uid).toBe(1000);
  });

  it.each(POLICIES)(
    'by the policy %s names a link in place of a folder above, and does not follow it',
    async (replace) => {
      const victim = join(site.folder, `victim-${archive}`);
      mkdirSync(victim);
      symlinkSync(victim, docs);
      const { status, reason } = await inPlace({ replace });
      expect([status, reason]).toEqual(['failed', expect.stringContaining(`${docs} on `)]);
      expect(reason).toMatch(/is a link that is not followed/);
      expect(await inPlace({ replace, item: home })).toMatchObject({ status: 'successful' });
      expect(readdirSync(victim)).toEqual([]);
    },
  );

  it.each(POLICIES)("by the policy %s follows root's own link above", async (replace) => {
    const moved = `${home}-moved`;
    execFileSync('mv', [home, moved]);
    symlinkSync(`../${site.folder.split('/').at(-1)}/${archive}-moved`, home);
    expect(await inPlace({ replace })).toMatchObject({ status: 'successful' });
    expect(readFileSync(join(moved, 'docs', 'f'), 'utf8')).toBe('archived');
  });
});

describe.runIf(existsSync('/dev/fuse'))('a restore where the repository pulls', () => {
  it.each(['always', 'never'] as const)('by the policy %s brings everything back through a mount', async (replace) => {
    // Sockets and pipes are not for sftp to make.
    const items = ['tree/a.txt', 'tree/b.txt', 'tree/-n', ODD_PATH, 'tree/sub/script', 'tree/empty'];
    const { status, reason, end, job } = await site.runJob({
      restore: requestOf({ items, replace, destination: 'client' }),
      pull: true,
    });
    expect(await saysUnconfined(job)).toBe(!canConfine);
    expect([status, reason]).toEqual(['successful', '']);
    expect(end).toMatchObject({ restored: { files: 5, verified: 5, mismatches: [] } });
    expect(readFileSync(odd(dest), 'utf8')).toBe('odd one');
    const { uid, gid, mode } = lstatSync(join(dest, 'tree/sub/script'));
    expect([uid, gid, mode & 0o7777]).toEqual([12_345, 54_321, 0o4751]);
    expect(staging()).toEqual([]);
  });
});

it.runIf(existsSync('/dev/fuse'))(
  'a link is not restored through a mount, where its owner would go to its target',
  async () => {
    const request = requestOf({ items: ['tree/sub/soft'], destination: 'client' });
    const { status, reason } = await site.runJob({ restore: request, pull: true });
    expect([status, reason]).toEqual([
      'failed',
      expect.stringMatching(/^tree\/sub\/soft is a symbolic link.*download the folder as tar/),
    ]);
    expect(existsSync(dest)).toBe(false);
  },
);

it('does not create the destination folder in a dry run', async () => {
  const dry = await restore({ item: 'tree', dry_run: true });
  expect(dry).toMatchObject({ status: 'successful', end: { restored: { files: 9, replaced: 0, skipped: 0 } } });
  expect(existsSync(dest)).toBe(false);
});

it('restores the holes of sparse files as holes', async () => {
  expect(await restore({ item: 'sparse' })).toMatchObject({ status: 'successful', end: { restored: { files: 1 } } });
  const { size, blocks } = lstatSync(join(dest, 'sparse'));
  expect(size).toBe(32 * 1024 * 1024);
  expect(blocks * 512).toBeLessThan(16 * 1024 * 1024);
});

describe('a path that is nearly as long as paths can be', () => {
  /** 20 folders of 200 bytes each, and below them a file whose path is to have so many bytes. */
  const deep = async (archive_name: string, bytes: number): Promise<string> => {
    const folders = Array.from({ length: 20 }, (_, level) => `${level}`.padEnd(199, 'd'));
    const path = [...folders, 'f'.repeat(Math.max(1, bytes - 4_000))].join('/');
    const top = join(site.folder, archive_name);
    const steps = `os.makedirs("${top}"); os.chdir("${top}")\nfor one in "${path}".split("/")[:-1]: os.mkdir(one); os.chdir(one)`;
    python(`\n${steps}\nopen("${path.split('/').at(-1)}", "w").write("deep")`);
    await site.borg(['create', `::${archive_name}`, '.'], { cwd: top });
    execFileSync('rm', ['-rf', top]);
    return path;
  };

  it('is refused with its name where borg could not extract it, and nothing is written', async () => {
    const path = await deep('deeper', 4_090);
    const { status, reason } = await site.runJob({ archive_name: 'deeper', restore: requestOf({}) });
    expect(status).toBe('failed');
    expect(reason).toMatch(
      /^Borg cannot extract 0d+…f+: this path would have \d+ bytes below .*download its folder as tar/,
    );
    expect(reason).toContain(path.slice(-60));
    expect(existsSync(dest)).toBe(false);
  });

  it('is restored where there is room for it, however deep its own folder is', async () => {
    const path = await deep('deep', 4_002);
    dest = `/d${randomBytes(3).toString('hex')}`;
    const items = [path.slice(0, 1_999)];
    mkdirSync(join(dest, ...items), { recursive: true });
    try {
      const { status, reason } = await site.runJob({ archive_name: 'deep', restore: requestOf({ items }) });
      expect([status, reason]).toEqual(['successful', '']);
      expect(read(path)).toBe('deep');
      expect(staging()).toEqual([]);
    } finally {
      rmSync(dest, { recursive: true });
    }
  });
});

it('names selected paths that the archive does not have, and writes nothing', async () => {
  const { status, reason } = await restore({ items: ['tree/a.txt', 'tree/nope', 'gone'] });
  expect(status).toBe('failed');
  expect(reason).toMatch(/does not have tree\/nope, gone\./);
  expect(existsSync(dest)).toBe(false);
});

/** A script in the place of a program of the hosts. It is given the program's path, and the command that takes it away again. */
const onHosts = (program: string, scriptOf: (real: string, remove: string) => string): void => {
  const wrapper = join(site.folder, 'bin', program);
  const real = execFileSync('sh', ['-c', `command -v ${program}`], { encoding: 'utf8' }).trim();
  writeFileSync(wrapper, `#!/bin/sh\n${scriptOf(real, `rm -f '${wrapper}'`)}\n`);
  chmodSync(wrapper, 0o755);
};
/** Runs once before the program of this name on the hosts, in the folder of what was extracted. */
const before = (program: string, script: string): void =>
  onHosts(program, (real, remove) => `if [ -e tree/b.txt ]; then ${remove}; ${script}; fi\nexec ${real} "$@"`);

describe('the verification of a restore', () => {
  const tamper = `printf 'B in the archive' >tree/b.txt; touch -d '${MIDDLE.toISOString()}' tree/b.txt`;

  it('a verification of contents finds an altered file, and no file is moved', async () => {
    before('sha256sum', tamper);
    const { status, reason, end } = await restore({ item: 'tree', verify: 'contents', replace: 'never' });
    expect(status).toBe('failed');
    expect(reason).toMatch(/1 of the restored files are not as the archive has them \(tree\/b\.txt: its contents/);
    const mismatches = ['tree/b.txt: its contents are not those in the archive'];
    expect(end).toMatchObject({ restored: { files: 0, verified: 8, mismatches } });
    expect(readdirSync(dest)).toEqual([]);
  });

  it('a verification of sizes finds a file that was cut', async () => {
    before('stat', ': >tree/b.txt');
    mkdirSync(dest);
    const { status, end } = await restore({ item: 'tree/b.txt' });
    expect(status).toBe('failed');
    expect(end).toMatchObject({ restored: { mismatches: ['tree/b.txt: it has 0 bytes, not 16'] } });
  });

  it('a restore that lacks a name fails even if nothing is verified', async () => {
    // Borg stored the second name twice, and both times as a link to itself.
    await site.borg(['create', '::twice', 'tree', 'tree/sub'], { cwd: source });
    const request = requestOf({ items: ['tree/sub/hard', 'tree/sub/soft'], verify: 'none' });
    const { status, reason, end } = await site.runJob({ archive_name: 'twice', restore: request });
    expect(status).toBe('failed');
    expect(reason).toMatch(/1 of .* \(tree\/sub\/hard: it is not there\)\. Borg said: tree\/sub\/hard: link: /);
    expect(end).toMatchObject({ restored: { files: 0, verified: 0 } });
  });
});

it.each(['always', 'newer', 'never', 'keep-both'] as const)(
  '%s: whose folder it is cannot put other files in the place of those that were extracted',
  async (replace) => {
    mkdirSync(dest);
    chownSync(dest, 1000, 1000);
    // As its owner could, while the files are looked at.
    const swap = `[ -d "$1" ] && mv "$1" "$1.away" && mkdir -p "$1/tree" && : >"$1/tree/evil"`;
    before('stat', `for stage in ${quote(dest)}/.cyborgbackup*; do sh -c ${quote(swap)} sh "$stage"; done`);
    expect(await restore({ item: 'tree', replace })).toMatchObject({ status: 'successful' });
    expect(readdirSync(dest)).toEqual(['tree']);
    expect(readdirSync(join(dest, 'tree'))).not.toContain('evil');
    expect(staging(site.folder)).toEqual([]);
  },
);

it('does not follow a link that the owner of a folder puts in its place meanwhile, by the policy always', async () => {
  const victim = join(site.folder, `victim-${randomBytes(4).toString('hex')}`);
  mkdirSync(victim);
  mkdirSync(join(dest, 'tree'), { recursive: true });
  chownSync(dest, 1000, 1000);
  // As its owner could, once borg has begun.
  before('stat', `rmdir ${quote(join(dest, 'tree'))} && ln -s ${quote(victim)} ${quote(join(dest, 'tree'))}`);
  // His link is replaced, as everything is that is in the way.
  expect(await restore({ item: 'tree/b.txt' })).toMatchObject({ status: 'successful' });
  expect([lstatSync(join(dest, 'tree')).isDirectory(), read('tree/b.txt')]).toEqual([true, 'b in the archive']);
  expect(readdirSync(victim)).toEqual([]);
  expect(staging(site.folder)).toEqual([]);
});

const until = async (what: string, isSo: () => boolean): Promise<void> => {
  const deadline = Date.now() + 20_000;
  while (!isSo()) {
    if (Date.now() > deadline) throw new Error(`Not in time: ${what}`);
    await sleep(10);
  }
};

describe('a cancellation leaves no private folder and no process', () => {
  const cancelOnceStaging = async (): Promise<void> => {
    mkdirSync(dest);
    const { uuid } = await site.start({
      restore: requestOf({ item: 'big.bin', replace: 'never', destination: 'client' }),
    });
    await until('the staging is there', () => staging().length > 0);
    await site.append(jobStream(uuid), { type: 'job-cancel-requested', data: { job: uuid } });
    site.deps.connection.nats.publish(CANCEL_SIGNAL, JSON.stringify({ job: uuid }));
    expect(await site.ended(uuid)).toMatchObject({ status: 'canceled' });
    expect(readdirSync(dest)).toEqual([]);
  };

  it('while files are extracted', cancelOnceStaging);

  it('while the folder has just been made, and we do not know yet where', async () => {
    onHosts('mkdir', (real, remove) => {
      const wait = `case "$*" in *.cyborgbackup-restore*) ${remove}; exec sleep 600 ;; esac`;
      return `${real} "$@" || exit\n${wait}`;
    });
    await cancelOnceStaging();
  });
});
