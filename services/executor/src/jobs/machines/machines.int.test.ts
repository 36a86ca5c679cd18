import { clientCommands } from '@cyborgbackup/contracts';
import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startJobSite, type EndedJob, type JobSite, type JobSketch } from '../../testing/job-site.ts';
import { installLibvirt, installProxmox } from '../../testing/stand-ins.ts';

const run = promisify(execFile);

let programs: string;
let site: JobSite;
const prepared: object[] = [];

beforeAll(async () => {
  programs = await mkdtemp(join(tmpdir(), 'cyborgbackup-hypervisor-'));
  await installProxmox(programs);
  await installLibvirt(programs, [
    { name: 'web server', state: 'running', disks: { vda: 'system', vdb: 'data' } },
    { name: 'db', state: 'shut off', disks: { vda: 'tables' } },
    { name: 'slow', state: 'running', disks: { vda: 'much' } },
  ]);
  site = await startJobSite({ clientPath: programs });
  site.answer(clientCommands.recordHypervisorPreparation.subject, (report: object) => {
    prepared.push(report);
    return { uuid: site.clientUuid, id: 1, version: 1, position: '1' };
  });
});

afterAll(async () => {
  await site[Symbol.asyncDispose]();
  await rm(programs, { recursive: true });
});

const libvirt = (sketch: JobSketch): Promise<EndedJob> =>
  site.runJob({ variables: {}, ...sketch, policy: { policy_type: 'vm', uuid: randomUUID(), ...sketch.policy } });
const proxmox = (sketch: JobSketch): Promise<EndedJob> =>
  site.runJob({ variables: {}, ...sketch, policy: { policy_type: 'proxmox', uuid: randomUUID(), ...sketch.policy } });

const nameOf = (ended: EndedJob): string => (ended.end['archive'] as { name: string }).name;
const contents = (ended: EndedJob): Promise<string> => site.borg('extract', '--stdout', `::${nameOf(ended)}`);
const disk = (machine: string, target: string): string => join(programs, 'vms', machine, `${target} disk.img`);

describe('a check of a hypervisor', () => {
  const check = { job_type: 'check', check: 'hypervisor', archive_name: null } as const;
  it('reports a hypervisor that works', async () => {
    expect((await libvirt(check)).status).toBe('successful');
    expect((await proxmox(check)).status).toBe('successful');
    expect(prepared).toEqual([
      { uuid: site.clientUuid, hypervisor_ready: true, hypervisor_name: 'libvirt 9.0.0' },
      { uuid: site.clientUuid, hypervisor_ready: true, hypervisor_name: 'pve-manager/8.1.4' },
    ]);
  });
  it('names the tools that a hypervisor lacks', async () => {
    await rm(join(programs, 'pvesh'));
    expect(await proxmox(check)).toMatchObject({
      status: 'failed',
      reason: expect.stringMatching(/^pvesh cannot be found on 127\.0\.0\.1/),
    });
    await installProxmox(programs);
  });
  it('says that a hypervisor has no room in /tmp', async () => {
    const full = join(programs, 'mktemp');
    await writeFile(full, '#!/bin/sh\nexit 1\n', { mode: 0o755 });
    const ended = await libvirt(check);
    await rm(full);
    expect(ended).toMatchObject({
      status: 'failed',
      reason: expect.stringMatching(/^No temporary folder could be made in \/tmp on .*127\.0\.0\.1/),
    });
  });
  it('names the known providers when the policy has an unknown one', async () => {
    const ended = await libvirt({ ...check, policy: { vmprovider: 'vmware' } });
    expect(ended.reason).toMatch(/no provider "vmware".*libvirt or proxmox/);
  });
});

describe('the search for machines', () => {
  const find = { job_type: 'check', check: 'machines', archive_name: null } as const;
  it('finds all machines, or those that the policy names', async () => {
    const all = await libvirt(find);
    expect((all.end['machines'] as { id: string }[]).map(({ id }) => id).toSorted()).toEqual([
      'db',
      'slow',
      'web server',
    ]);
    const named = await proxmox({ ...find, variables: { extended_proxmox: { 1: [200, 'web'] } } });
    expect(named.end['machines']).toEqual([
      { id: '200', name: 'box' },
      { id: '100', name: 'web' },
    ]);
    const others = await proxmox({ ...find, variables: { extended_proxmox: { 2: [200] } } });
    expect(others.end['machines']).toHaveLength(3);
  });
  it('finds any number of machines', async () => {
    const list = join(programs, 'many-containers');
    // As much as Proxmox says of each.
    const guest = { name: 'box', type: 'lxc', status: 'running', said: 'x'.repeat(300) };
    await writeFile(list, JSON.stringify(Array.from({ length: 400 }, (_, index) => ({ vmid: 200 + index, ...guest }))));
    const { status, end } = await proxmox(find);
    await rm(list);
    expect([status, end['machines']]).toEqual(['successful', expect.objectContaining({ length: 402 })]);
  });
  it('fails when a machine that the policy names does not exist', async () => {
    const ended = await proxmox({ ...find, variables: { extended_proxmox: { 1: [100, 999] } } });
    expect(ended).toMatchObject({ status: 'failed', reason: expect.stringMatching(/has no machine 999/) });
  });
});

describe.each([false, true])('a machine of libvirt, with mode_pull %s', (mode_pull) => {
  it('archives a running machine as of its snapshot, and merges that afterwards', async () => {
    const before = await readFile(disk('web server', 'vda'), 'utf8');
    const ended = await libvirt({ machine: { id: 'web server', name: 'web server' }, policy: { mode_pull } });
    expect(ended).toMatchObject({ status: 'successful', end: { archive: { files: 1 } } });
    const tar = join(site.folder, 'machine.tar');
    await run(
      'sh',
      [
        '-c',
        `BORG_PASSPHRASE="$1" borg extract --stdout "$2"::"$3" >"$4"`,
        'sh',
        site.passphrase,
        join(site.folder, 'repository'),
        nameOf(ended),
        tar,
      ],
      {
        env: {
          ...process.env,
          BORG_BASE_DIR: join(site.folder, 'borg-repository'),
          BORG_RELOCATED_REPO_ACCESS_IS_OK: 'yes',
        },
      },
    );
    const listed = (await run('tar', ['-tf', tar])).stdout.split('\n').filter(Boolean);
    expect(listed).toEqual(['domain.xml', disk('web server', 'vda').slice(1), disk('web server', 'vdb').slice(1)]);
    const extracted = await run('tar', ['-xOf', tar, disk('web server', 'vda').slice(1)]);
    expect(extracted.stdout).toBe(before);
    expect(await readFile(disk('web server', 'vda'), 'utf8')).toBe(`${before}written-since\n`);
    await expect(stat(`${disk('web server', 'vda')}.cyborgbackup`)).rejects.toThrow(/ENOENT/);
  });
});

it('archives a machine of libvirt that is shut off', async () => {
  const ended = await libvirt({ machine: { id: 'db', name: 'db' } });
  expect(ended.status).toBe('successful');
  expect(await contents(ended)).toContain('tables');
  expect(await readFile(disk('db', 'vda'), 'utf8')).toBe('tables');
});

it('fails for a disk that is no file, before anything is changed', async () => {
  await writeFile(join(programs, 'vms', 'db', 'disks'), ' block   disk   vda   /dev/vg/db\n');
  const ended = await libvirt({ machine: { id: 'db', name: 'db' } });
  expect(ended.status).toBe('failed');
  expect(await site.output(ended.job)).toMatch(/Disk vda of db is no file \(block \/dev\/vg\/db\)/);
});

it('merges the snapshot also when the backup is canceled midway', async () => {
  const { job, run: uuid } = await site.start({
    policy: { policy_type: 'vm' },
    variables: {},
    machine: { id: 'slow', name: 'slow' },
  });
  const overlay = `${disk('slow', 'vda')}.cyborgbackup`;
  const exists = (): Promise<boolean> =>
    stat(overlay).then(
      () => true,
      () => false,
    );
  while (!(await exists())) await sleep(50);
  await site.cancel(job);
  expect((await site.ended({ job, run: uuid })).status).toBe('canceled');
  const deadline = Date.now() + 10_000;
  while ((await exists()) && Date.now() < deadline) await sleep(50);
  expect(await exists()).toBe(false);
  expect(await readFile(join(programs, 'vms', 'slow', 'disks'), 'utf8')).not.toMatch(/img\.cyborgbackup/);
});

it('leaves nothing of a dump on the hypervisor', async () => {
  const left = async (): Promise<boolean> =>
    (await readdir(tmpdir())).some((name) => name.startsWith('cyborgbackup-vm.'));
  const deadline = Date.now() + 10_000;
  while ((await left()) && Date.now() < deadline) await sleep(50);
  expect(await left()).toBe(false);
});

describe('a guest of Proxmox', () => {
  it('archives what vzdump writes of a guest', async () => {
    const ended = await proxmox({ machine: { id: '200', name: 'box' } });
    expect(ended.status).toBe('successful');
    expect(await contents(ended)).toBe('vzdump 200 --mode snapshot --stdout --compress 0 --quiet 1\n');
  });
  it('fails when the dump of a guest dies half-way, and keeps nothing', async () => {
    const archives = await site.archives();
    const ended = await proxmox({ machine: { id: '101', name: 'db' } });
    expect(ended).toMatchObject({ status: 'failed', reason: expect.stringMatching(/command to back up failed/) });
    expect(await site.output(ended.job)).toMatch(/snapshot failed/);
    expect(await site.archives()).toEqual(archives);
  });
  it('ends as an error when the job names no guest', async () => {
    expect(await proxmox({})).toMatchObject({ status: 'error' });
  });
});
