import {
  archiveContent,
  archiveReadsStream,
  catalogCommands,
  type ContentRequest,
  type RestoreRequest,
} from '@cyborgbackup/contracts';
import { openByteStream } from '@cyborgbackup/messaging';
import { hostileTar, type HostileItem } from '@cyborgbackup/testkit';
import { randomBytes, randomUUID } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startBorgSite, type BorgSite, type EndedJob } from '../../testing/borg-site.ts';

/* Real archives that a hostile client has made. Nothing of them may come to be outside of the destination. */

let site: BorgSite;
let dest: string;
let elsewhere: string;
/** What the catalog picks for a drill. */
let sampled = '';

const ATTACKS: Readonly<Record<string, (to: string) => readonly HostileItem[]>> = {
  dots: () => [{ path: 'a', type: 'folder' }, { path: 'a/../../elsewhere/x' }],
  'far-dots': (to) => [{ path: 'a', type: 'folder' }, { path: `a/${'../'.repeat(12)}${to.slice(1)}/x` }],
  'link-above': (to) => [{ path: 'src/d', type: 'link', to }, { path: 'src/d/f' }],
  'link-above-later': (to) => [{ path: 'src/d/f' }, { path: 'src/d', type: 'link', to }, { path: 'src/d/g' }],
  'file-and-link': (to) => [{ path: 'x' }, { path: 'x', type: 'link', to: `${to}/x` }, { path: 'x' }],
  'folder-and-link': (to) => [{ path: 'x', type: 'folder' }, { path: 'x', type: 'link', to }, { path: 'x/y' }],
  'hard-link': (to) => [{ path: 'x', type: 'hard-link', to: `${to}/precious` }],
};
const NAMES = Object.keys(ATTACKS);

beforeAll(async () => {
  site = await startBorgSite();
  elsewhere = join(site.folder, 'elsewhere');
  for (const [name, items] of Object.entries(ATTACKS)) {
    const tar = hostileTar([{ path: 'good', content: 'good' }, ...items(elsewhere), { path: 'last', content: 'last' }]);
    writeFileSync(join(site.folder, `${name}.tar`), tar);
    await site.borg(['import-tar', `::${name}`, join(site.folder, `${name}.tar`)]);
  }
});
beforeAll(() => {
  const file = { size: 4, mtime: '2023-11-14T22:13:20Z' };
  site.answer(catalogCommands.sample.subject, () => ({ files: [{ path: sampled, ...file }] }));
});
afterAll(() => site[Symbol.asyncDispose]());

beforeEach(() => {
  rmSync(elsewhere, { recursive: true, force: true });
  mkdirSync(elsewhere);
  chmodSync(elsewhere, 0o1777);
  writeFileSync(join(elsewhere, 'precious'), 'precious');
  dest = join(site.folder, `dest-${randomBytes(4).toString('hex')}`);
  mkdirSync(dest);
});

/** Nothing was written or changed beside the destination. */
const expectUntouched = (): void => {
  expect(readdirSync(elsewhere)).toEqual(['precious']);
  expect(readFileSync(join(elsewhere, 'precious'), 'utf8')).toBe('precious');
  expect([statSync(elsewhere).mode & 0o7777, statSync(join(elsewhere, 'precious')).nlink]).toEqual([0o1777, 1]);
};

const restore = (archive_name: string, request: Partial<RestoreRequest>): Promise<EndedJob> =>
  site.runJob({
    archive_name,
    id: 7,
    restore: {
      ...{ item: '', items: [], patterns: [], dest_folder: dest, destination: 'client', replace: 'always' },
      ...{ verify: 'sizes', numeric_ids: false, dry_run: false, database: false, allow_unsafe: false },
      ...request,
    },
  });

const UNSAFE = /^The archive .* is not safe to extract: ".*allow_unsafe\.$/;

describe.each(NAMES)('the hostile archive %s', (name) => {
  it('is not restored, and nothing is written', async () => {
    const ended = await restore(name, {});
    expect([ended.status, ended.reason]).toEqual(['failed', expect.stringMatching(UNSAFE)]);
    expect(readdirSync(dest)).toEqual([]);
    expectUntouched();
  });

  it('gives its safe entries to a superuser who asks for them', async () => {
    const { status, reason, job } = await restore(name, { allow_unsafe: true });
    expect([status, reason]).toEqual(['successful', '']);
    expect([readFileSync(join(dest, 'good'), 'utf8'), readFileSync(join(dest, 'last'), 'utf8')]).toEqual([
      'good',
      'last',
    ]);
    expect(await site.output(job)).toMatch(/Left out, since they are not safe: "/);
    expect(existsSync(join(dest, 'src/d/f')) && name === 'link-above').toBe(false);
    expectUntouched();
  });

  it('is neither unpacked from a tar nor from a zip that was downloaded', async () => {
    for (const kind of ['tar', 'zip'] as const) {
      const received: Buffer[] = [];
      await expect(download(name, kind, received)).rejects.toMatchObject({ code: 'conflict' });
      expect(Buffer.concat(received).includes('last')).toBe(false);
    }
  });
});

const download = async (archive: string, kind: ContentRequest['kind'], received: Buffer[]): Promise<void> => {
  const job = randomUUID();
  const asked = { job, archive, kind, paths: [], range: null };
  const read = { ...asked, repository: site.repository.uuid };
  await site.append(archiveReadsStream(job), { type: 'archive-content-read', data: read });
  const { body } = await openByteStream(site.deps.connection, {
    subject: archiveContent.subject,
    head: archiveContent.head,
    request: { ...asked, repository: site.repository, size: null, read: 1 },
  });
  for await (const chunk of body as AsyncIterable<Buffer>) received.push(chunk);
};

it.each(['always', 'keep-both'] as const)(
  'a restore by the policy %s to the client refuses a link with a file below it',
  async (replace) => {
    const { status, reason } = await restore('link-above', { replace, destination: 'client' });
    expect([status, reason]).toEqual(['failed', expect.stringMatching(UNSAFE)]);
    expect(await restore('link-above', { replace, items: ['src/d/f'] })).toMatchObject({ status: 'failed' });
    expectUntouched();
  },
);

it.each(NAMES)('a drill of the hostile archive %s extracts nothing', async (name) => {
  const paths = { dots: 'a/../../elsewhere/x', 'far-dots': `a/${'../'.repeat(12)}${elsewhere.slice(1)}/x` };
  const path = name in paths ? paths[name as keyof typeof paths] : name.includes('link-above') ? 'src' : 'x';
  sampled = path;
  const { status, reason } = await site.runJob({ archive_name: name, drill: { seed: 'x', files: 1 } });
  // Borg itself stumbles over a hard link to something that the archive does not have.
  const expected = name === 'hard-link' ? /^Borg crashed \(KeyError/ : UNSAFE;
  expect([status, reason]).toEqual(['failed', expect.stringMatching(expected)]);
  expectUntouched();
});

it('a restore opens only folders that it has made itself', async () => {
  const parent = join(site.folder, 'parent');
  mkdirSync(join(parent, 'target'), { recursive: true });
  chmodSync(parent, 0o1777);
  for (const allow_unsafe of [false, true]) {
    await restore('dots', { dest_folder: join(parent, 'target'), allow_unsafe });
    expect(statSync(parent).mode & 0o7777).toBe(0o1777);
  }
});
