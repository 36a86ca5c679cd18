import { hostileTar } from '@cyborgbackup/testkit';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { extractCommand } from '../commands/archives.ts';
import { createLocalSite, createPushSite, initialise, type BorgSite } from '../testing/borg-site.ts';
import { probeConfinement } from './confine.ts';
import { localRunner } from './local-runner.ts';
import type { BorgResult } from './run-borg.ts';

/* What a hostile archive can do to the host on which borg extracts it, if the gate in front of it were not there. */

const problem = await probeConfinement(localRunner());
const isRoot = process.getuid?.() === 0;

let site: BorgSite;
let push: BorgSite;
let elsewhere: string;
let stage: string;

const importHostile = async (to: BorgSite, dir: string): Promise<void> => {
  await initialise(to);
  const tar = hostileTar([
    { path: 'good', content: 'good' },
    { path: 'a', type: 'folder' },
    { path: 'a/../../elsewhere/by-dots' },
    { path: 'link', type: 'link', to: elsewhere },
    { path: 'link/by-link' },
    { path: 'hard', type: 'hard-link', to: `${elsewhere}/precious` },
    { path: 'proc', type: 'link', to: `/proc/${process.pid}/root` },
    { path: `proc${elsewhere}/by-proc` },
  ]);
  writeFileSync(join(dir, 'hostile.tar'), tar);
  const argv = ['import-tar', '--', `${to.repository}::hostile`, join(dir, 'hostile.tar')];
  expect(await to.run({ argv })).toMatchObject({ outcome: 'success' });
};

beforeAll(async () => {
  site = await createLocalSite();
  push = await createPushSite();
  elsewhere = join(site.dir, 'elsewhere');
  stage = join(site.dir, 'stage');
  await importHostile(site, site.dir);
  await importHostile(push, site.dir);
});
afterAll(async () => {
  await site[Symbol.asyncDispose]();
  await push[Symbol.asyncDispose]();
});
beforeEach(() => {
  rmSync(elsewhere, { recursive: true, force: true });
  mkdirSync(elsewhere);
  writeFileSync(join(elsewhere, 'precious'), 'precious');
});

const extract = (at: BorgSite, writable: readonly string[] | undefined): Promise<BorgResult> =>
  at.run({
    argv: extractCommand({ repository: at.repository, archive: 'hostile', noFlags: true }),
    scratch: stage,
    confine: writable && { writable },
  });

it.runIf(isRoot)('unconfined, borg extracts to where an archive leads', async () => {
  await extract(site, undefined);
  expect(readdirSync(elsewhere)).toEqual(expect.arrayContaining(['by-dots', 'by-link', 'by-proc']));
});

it.runIf(problem === '')('confined, borg on the host of the repository writes to its folder alone', async () => {
  const { outcome, messages } = await extract(site, [site.repository]);
  expect(outcome).toBe('warning');
  expect(messages.filter(({ message }) => message.includes('Read-only file system')).length).toBeGreaterThan(1);
  expect(readFileSync(join(stage, 'good'), 'utf8')).toBe('good');
  expect(readdirSync(elsewhere)).toEqual(['precious']);
  expect(existsSync(join(stage, 'hard'))).toBe(false);
  // The host itself stays as it was.
  writeFileSync(join(elsewhere, 'writable'), '');
});

it.runIf(problem === '')('confined, borg reaches a repository over ssh with the forwarded agent', async () => {
  await extract(push, []);
  expect(readFileSync(join(stage, 'good'), 'utf8')).toBe('good');
  expect(readdirSync(elsewhere)).toEqual(['precious']);
});

it.runIf(isRoot)('root on this host can confine, or is told why not', () => {
  expect(problem).toMatch(/^$|^mount: |cannot be confined|not permitted|not installed|only Linux/);
});
