import { execFile, execFileSync, spawn, type ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { appendFile, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { buffer, text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { installLibvirt } from '../../testing/stand-ins.ts';
import { libvirt } from './libvirt.ts';

/** Looks like an option. */
const NAME = '--web';

let programs: string;
let home: string;

/** More than a pipe holds, so that a dump which nobody reads stays at work. */
const CONTENT = 'x'.repeat(1024 * 1024);

beforeEach(async () => {
  programs = await mkdtemp(join(tmpdir(), 'cyborgbackup-hypervisor-'));
  home = join(programs, 'vms', NAME);
  await installLibvirt(programs, [{ name: NAME, state: 'running', disks: { vda: CONTENT } }]);
});

const at = (name: string): string => join(home, name);
const until = async (isSo: () => boolean): Promise<void> => {
  while (!isSo()) await sleep(20);
};

/** Each dump leaves a watcher behind for a second, which removes the lock at last. */
afterEach(async () => {
  const { stdout } = await promisify(execFile)('sh', ['-c', `printf %s ${NAME} | cksum | tr " " -`]);
  const name = `cyborgbackup-vm-${stdout.trim()}`;
  await until(() => !['/run', '/tmp'].some((folder) => existsSync(join(folder, name))));
  await rm(programs, { recursive: true });
});

const dump = (): ChildProcessByStdio<null, Readable, Readable> => {
  const [command = '', ...args] = libvirt.dump({ id: NAME, name: NAME });
  const env = { ...process.env, PATH: `${programs}:${process.env['PATH'] ?? ''}` };
  return spawn(command, args, { env, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
};

/** As a takeover ends it, in the midst of reading the disks. */
const killedDump = async (): Promise<void> => {
  const child = dump();
  await until(() => existsSync(at('vda disk.img.cyborgbackup')));
  await once(child.stdout, 'readable');
  process.kill(-(child.pid ?? 0), 'SIGKILL');
  child.stdout.destroy();
  await once(child, 'close');
};

/** The next one, and what it says; the machine has no snapshot and no job afterwards. */
const expectDump = async (child = dump()): Promise<string> => {
  const [, stderr, [status]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
  expect([status, stderr]).toEqual([0, expect.any(String)]);
  expect(existsSync(at('vda disk.img.cyborgbackup')) || existsSync(at('job'))).toBe(false);
  return stderr;
};

/** The paths in a dump, or what it says when it fails. */
const dumpedFiles = async (): Promise<string> => {
  const child = dump();
  const [tar, stderr, [status]] = await Promise.all([buffer(child.stdout), text(child.stderr), once(child, 'close')]);
  return status === 0 ? execFileSync('tar', ['-t'], { input: tar, encoding: 'utf8' }) : stderr;
};

/** Another disk, in an image that libvirt knows as qcow2. */
const addQcow2 = async (content: string): Promise<string> => {
  const image = at('vdb disk.qcow2');
  await writeFile(image, content);
  await appendFile(at('disks'), ` file   disk   vdb   ${image}\n`);
  return image;
};

it('takes no file of the hypervisor because a raw disk looks like an image that is based on it', async () => {
  await writeFile(at('vda disk.img'), `QFI /etc/passwd raw\n${CONTENT}`);
  expect(await dumpedFiles()).toBe(`domain.xml\n${at('vda disk.img').slice(1)}\n`);
});

it('takes the images that an image is based on, each in the format that is written down', async () => {
  const base = at('base.img');
  await writeFile(base, 'QFI /etc/passwd raw\n');
  const image = await addQcow2(`QFI ${base} raw\n`);
  const paths = [at('vda disk.img'), image, base].map((path) => path.slice(1));
  expect(await dumpedFiles()).toBe(`${['domain.xml', ...paths].join('\n')}\n`);
});

it('refuses an image that is based on one of unknown format', async () => {
  const base = at('base.img');
  await writeFile(base, 'QFI /etc/passwd raw\n');
  await addQcow2(`QFI ${base}\n`);
  expect(await dumpedFiles()).toBe(
    `An image of disk vdb of ${NAME} is based on one of no known format: see qemu-img rebase -u -F.\n`,
  );
});

it('waits until the snapshot of a killed backup is merged', async () => {
  await writeFile(at('busy'), '');
  await killedDump();
  await until(() => existsSync(at('job')));
  const next = dump();
  const [said] = (await once(next.stderr, 'data')) as [Buffer];
  expect(String(said)).toBe(`Waiting for an earlier backup of ${NAME} to end, and its snapshot to be merged.\n`);
  expect(existsSync(at('vda disk.img.cyborgbackup'))).toBe(true);
  await rm(at('busy'));
  expect(await expectDump(next)).toBe('');
  expect(await readFile(at('vda disk.img'), 'utf8')).toBe(`${CONTENT}written-since\nwritten-since\n`);
});

it('lets no other process merge the snapshot of a backup that follows at once', async () => {
  await killedDump();
  const next = dump();
  await once(next.stdout, 'readable');
  // A watcher of the first one would have looked by then.
  await sleep(1_200);
  expect(existsSync(at('vda disk.img.cyborgbackup'))).toBe(true);
  await expectDump(next);
  expect(await readFile(at('vda disk.img'), 'utf8')).toBe(`${CONTENT}written-since\nwritten-since\n`);
});

it('repeats a merge that was left unfinished', async () => {
  await writeFile(at('vda disk.img.cyborgbackup'), 'written-since\n');
  await writeFile(at('disks'), ` file   disk   vda   ${at('vda disk.img.cyborgbackup')}\n`);
  await mkdir(at('job'));
  await expectDump();
  expect(await readFile(at('vda disk.img'), 'utf8')).toBe(`${CONTENT}written-since\nwritten-since\n`);
});
