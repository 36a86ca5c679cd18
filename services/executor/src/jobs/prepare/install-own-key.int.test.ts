import { localRunner, type BorgRunner } from '@cyborgbackup/borg';
import {
  appendFile,
  chown,
  lstat,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rm,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { JobContext } from '../../job/job-context.ts';
import { installOwnKey, type Installation } from './install-own-key.ts';

const KEY = 'ssh-ed25519 AAAAC3Nza';
const LINE = `command="borg serve --restrict-to-repository '/srv/a \\"b\\" \\t'",restrict ${KEY} cyborgbackup-repository-3`;

let home: string;
let file: string;
let said: string[];

beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'cyborgbackup-home-'));
  file = join(home, '.ssh/authorized_keys');
  said = [];
  vi.stubEnv('HOME', home);
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(home, { recursive: true });
});

const install = (runner: BorgRunner = localRunner()): Promise<Installation> => {
  const context = {
    signal: new AbortController().signal,
    output: { write: (_kind: string, text: string) => void said.push(text) },
    assertOwnership: () => Promise.resolve(),
  };
  const location = { kind: 'ssh', user: 'borg', host: 'nas', port: 22, path: '/srv' } as const;
  return installOwnKey(context as unknown as JobContext, runner, { line: LINE, privateKey: '', location });
};

const keep = async (text: string | Buffer, mode = 0o600): Promise<void> => {
  await mkdir(join(home, '.ssh'), { mode: 0o700 });
  await writeFile(file, text, { mode });
};
const modeOf = async (path: string): Promise<number> => (await stat(path)).mode & 0o777;

it('makes the file and its folder where there are none, for the account alone, and changes nothing the next time', async () => {
  expect(await install()).toEqual({ isNew: true, problem: '' });
  expect(await readFile(file, 'utf8')).toBe(`${LINE}\n`);
  expect([await modeOf(join(home, '.ssh')), await modeOf(file)]).toEqual([0o700, 0o600]);
  expect(said).toEqual([expect.stringContaining(`${file} on this host: ${LINE}`)]);
  const { ino } = await stat(file);
  expect(await install()).toEqual({ isNew: false, problem: '' });
  expect((await stat(file)).ino).toBe(ino);
});

it('keeps other lines byte for byte, gives the last one its end, and replaces weaker lines with the key', async () => {
  const others = Buffer.from('# caf\xe9 \\n %s\r\n\nssh-rsa AAAAOther b\xff', 'latin1');
  await keep(Buffer.concat([Buffer.from(`${KEY} weak\n`), others]), 0o640);
  expect(await install()).toEqual({ isNew: true, problem: '' });
  expect(await readFile(file, 'latin1')).toBe(`${others.toString('latin1')}\n${LINE}\n`);
  expect(await modeOf(file)).toBe(0o640);
  expect(said[0]).toMatch(/Removed weaker lines with this key from .* \(1\)$/);
  expect(await readdir(join(home, '.ssh'))).toEqual(['authorized_keys']);
});

it('leaves a line alone that limits the key further', async () => {
  const stricter = LINE.replace(`'"`, `' --append-only"`);
  await keep(`${stricter}\n`);
  expect(await install()).toEqual({ isNew: false, problem: '' });
  expect(await readFile(file, 'utf8')).toBe(`${stricter}\n`);
});

it('follows a link, and reads the file again when it was changed meanwhile', async () => {
  await keep('');
  await rm(file);
  await writeFile(join(home, 'real'), 'ssh-rsa AAAAOther a\n');
  await symlink('../real', file);
  const local = localRunner();
  let runs = 0;
  const meddled: BorgRunner = {
    where: local.where,
    run: async (script) => {
      if ((runs += 1) === 2) await appendFile(file, 'ssh-rsa AAAANew n\n');
      return local.run(script);
    },
  };
  expect(await install(meddled)).toEqual({ isNew: true, problem: '' });
  expect(runs).toBe(4);
  expect((await lstat(file)).isSymbolicLink()).toBe(true);
  expect(await readFile(join(home, 'real'), 'utf8')).toBe(`ssh-rsa AAAAOther a\nssh-rsa AAAANew n\n${LINE}\n`);
});

it.skipIf(process.getuid?.() !== 0)('does not write the file of another account', async () => {
  await keep('ssh-rsa AAAAOther a\n');
  await chown(file, 12_345, 12_345);
  expect(await install()).toEqual({ isNew: false, problem: `${file} belongs to another account` });
  expect(await readFile(file, 'utf8')).toBe('ssh-rsa AAAAOther a\n');
});
