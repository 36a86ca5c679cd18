import { nameUuid } from '@cyborgbackup/kernel';
import { runRequested } from '@cyborgbackup/contracts';
import { describe, expect, it } from 'vitest';
import { somePolicy } from '../../testing/policy-fixture.ts';
import { archiveName, nthName } from './archive-name.ts';
import type { DraftContext, DraftJob, ResolvedPolicy } from './draft-jobs.ts';
import { draftExtension, draftLaunch } from './draft-launch.ts';
import { draftRelaunch, type RelaunchedJob } from './draft-relaunch.ts';
import { draftDrills, type LatestArchive } from '../drill.ts';
import { archiveNamesFor, headJob, planRun, archiveNamesOf } from './plan-run.ts';

const run = '11111111-1111-4111-8111-111111111111';
const policyOf = (change: (policy: ResolvedPolicy) => Partial<ResolvedPolicy> = () => ({}), clientCount = 1) => {
  const policy = somePolicy(1, { clientCount });
  return { ...policy, ...change(policy) };
};
const contextOf = (resolved: ResolvedPolicy): DraftContext => ({ run, resolved, launchType: 'manual' });

/** `name <- names of what it needs`. */
const outline = (drafts: readonly DraftJob[]): string[] => {
  const names = new Map(drafts.map(({ uuid, name }) => [uuid, name.replace(/ (policy|repository)1/, '')]));
  return drafts.map(({ uuid, needs }) =>
    [names.get(uuid), ...needs.map((need) => names.get(need) ?? `unknown ${need}`)].join(' <- '),
  );
};

const unready = <T extends { ready: boolean }>(thing: T): T => ({ ...thing, ready: false });
const ofMachines = (resolved: ResolvedPolicy): ResolvedPolicy => ({
  ...resolved,
  policy: { ...resolved.policy, policy_type: 'proxmox' },
});
const keepNothing = { keep_hourly: null, keep_daily: 0, keep_weekly: null, keep_monthly: null, keep_yearly: null };

describe('draftLaunch', () => {
  it.each<[string, ResolvedPolicy, string[]]>([
    [
      'the chain of each client',
      policyOf(undefined, 2),
      [
        'Backup Job host1-1',
        'Catalog Job host1-1 <- Backup Job host1-1',
        'Prune Job host1-1 <- Catalog Job host1-1',
        'Backup Job host1-2',
        'Catalog Job host1-2 <- Backup Job host1-2',
        'Prune Job host1-2 <- Catalog Job host1-2',
      ],
    ],
    [
      'what is not ready first, the repository once',
      policyOf(
        ({ repository, clients }) => ({
          repository: unready(repository),
          clients: [unready(clients[0]!), clients[1]!],
          catalog_enabled: false,
          auto_prune: false,
        }),
        2,
      ),
      [
        'Prepare Repository',
        'Prepare Client host1-1',
        'Backup Job host1-1 <- Prepare Repository <- Prepare Client host1-1',
        'Backup Job host1-2 <- Prepare Repository',
      ],
    ],
    [
      'a prune straight after the backup when nothing is listed',
      policyOf(() => ({ catalog_enabled: false })),
      ['Backup Job host1-1', 'Prune Job host1-1 <- Backup Job host1-1'],
    ],
    [
      'no prune for a policy that keeps everything',
      policyOf(({ policy }) => ({ policy: { ...policy, ...keepNothing } })),
      ['Backup Job host1-1', 'Catalog Job host1-1 <- Backup Job host1-1'],
    ],
    [
      'a search for machines, and what it needs, where those are backed up',
      ofMachines(
        policyOf(({ clients }) => ({ clients: [{ ...clients[0]!, hypervisor_ready: true }, clients[1]!] }), 2),
      ),
      ['Find Machines host1-1', 'Prepare Hypervisor host1-2', 'Find Machines host1-2 <- Prepare Hypervisor host1-2'],
    ],
    [
      'all preparations of a host of machines one after the other, that of the repository beside them',
      ofMachines(
        policyOf(({ repository, clients }) => ({ repository: unready(repository), clients: [unready(clients[0]!)] })),
      ),
      [
        'Prepare Repository',
        'Prepare Client host1-1',
        'Prepare Hypervisor host1-1 <- Prepare Client host1-1',
        'Find Machines host1-1 <- Prepare Repository <- Prepare Client host1-1 <- Prepare Hypervisor host1-1',
      ],
    ],
    [
      'nothing for disabled clients',
      policyOf(
        ({ clients }) => ({
          clients: [{ ...clients[0]!, enabled: false }, clients[1]!],
          catalog_enabled: false,
          auto_prune: false,
        }),
        2,
      ),
      ['Backup Job host1-2'],
    ],
  ])('plans %s', (_name, resolved, expected) => {
    expect(outline(draftLaunch(contextOf(resolved)))).toEqual(expected);
  });

  it('plans the same jobs when it is tried again, and other ones for another run', () => {
    const resolved = policyOf();
    const uuids = (name: string): string[] =>
      draftLaunch({ ...contextOf(resolved), run: name }).map(({ uuid }) => uuid);
    expect(uuids(run)).toEqual(uuids(run));
    expect(uuids(run)).not.toEqual(uuids('22222222-2222-4222-8222-222222222222'));
    expect(new Set(uuids(run)).size).toBe(3);
  });
});

describe('planRun', () => {
  const resolved = policyOf(({ clients }) => ({ clients: [unready(clients[0]!)] }));
  const drafts = draftLaunch({ run, resolved, launchType: 'scheduled' });
  const plan = { run, resolved, extraVars: null, dueAt: '2026-01-02T03:00:00.000Z', drafts };
  const [, backup] = drafts;
  const drawn = { ids: [5, 6, 7, 8], archives: new Map([[backup!.uuid, 'folders-host1-1-x']]) };

  it('makes an event that fits its definition, and names archive and master of each job', () => {
    const data = runRequested.schema.parse(planRun(plan, drawn));
    expect(data.policy).not.toHaveProperty('enabled');
    expect(data).toMatchObject({ uuid: run, due_at: plan.dueAt, extra_vars: resolved.extra_vars });
    expect(
      data.jobs.map(({ id, job_type, launch_type, archive_name, master_job }) => [
        id,
        job_type,
        launch_type,
        archive_name,
        master_job,
      ]),
    ).toEqual([
      [5, 'check', 'dependency', null, null],
      [6, 'job', 'scheduled', 'folders-host1-1-x', null],
      [7, 'catalog', 'scheduled', 'folders-host1-1-x', backup!.uuid],
      [8, 'prune', 'scheduled', null, backup!.uuid],
    ]);
    expect(headJob(data.jobs).id).toBe(6);
  });

  it('takes the variables of the launch instead of the policy’s', () => {
    expect(planRun({ ...plan, extraVars: '{}' }, drawn).extra_vars).toBe('{}');
  });

  it('names one archive for each backup', () => {
    expect(archiveNamesOf(plan, Date.UTC(2026, 0, 2, 3, 4, 59))).toEqual([
      { job: backup!.uuid, name: 'folders-host1-1-2026-01-02_03-04' },
    ]);
  });
});

describe('draftExtension', () => {
  const resolved = ofMachines(policyOf(() => ({ catalog_enabled: false })));
  const launched = draftLaunch({ run, resolved, launchType: 'scheduled' });
  const requested = planRun(
    { run, resolved, extraVars: null, dueAt: null, drafts: launched },
    { ids: [1, 2], archives: new Map() },
  );
  const finder = requested.jobs.at(-1)!;
  const machines = [
    { id: '7', name: 'web' },
    { id: '8', name: '' },
    { id: '7', name: 'web' },
  ];
  const drafts = draftExtension(requested, finder, machines);

  it('plans the jobs of each machine once, which depend on the job that found it', () => {
    expect(headJob(requested.jobs)).toBe(finder);
    expect(finder).toMatchObject({ check: 'machines', followers: { catalog: false, prune: true } });
    expect(drafts.map(({ name, launch_type, machine }) => [name, launch_type, machine?.id])).toEqual([
      ['Backup Job policy1 host1-1/web', 'scheduled', '7'],
      ['Prune Job policy1 host1-1/web', 'scheduled', '7'],
      ['Backup Job policy1 host1-1/8', 'scheduled', '8'],
      ['Prune Job policy1 host1-1/8', 'scheduled', '8'],
    ]);
    expect(drafts.map(({ needs }) => needs)).toEqual([
      [finder.uuid],
      [drafts[0]!.uuid],
      [finder.uuid],
      [drafts[2]!.uuid],
    ]);
    expect(new Set(drafts.map(({ uuid }) => uuid)).size).toBe(4);
    expect(draftExtension(requested, finder, machines)).toEqual(drafts);
  });

  it('names archives after host and machine', () => {
    expect(archiveNamesFor('vm', drafts, Date.UTC(2026, 0, 2, 3, 4)).map(({ name }) => name)).toEqual([
      'vm-host1-1-web-2026-01-02_03-04',
      'vm-host1-1-8-2026-01-02_03-04',
    ]);
    const long = { hostname: 'h'.repeat(1_000), machine: 'm'.repeat(255) };
    const name = archiveName('proxmox', long, 0);
    expect(name).toBe(`proxmox-${'h'.repeat(90)}-${'m'.repeat(59)}-1970-01-01_00-00`);
  });
});

describe('draftDrills', () => {
  const resolved = policyOf(undefined, 3);
  const [one, two, three] = resolved.clients.map(({ uuid }) => uuid);
  const archive = (client: string, id: number, machine?: LatestArchive['machine']): LatestArchive => ({
    uuid: `00000000-0000-4000-8000-00000000000${id}`,
    id,
    archive_name: `archive-${id}`,
    client_uuid: client,
    machine: machine ?? null,
  });
  const archives = [archive(one!, 1), archive(two!, 2, { id: '7', name: 'web' }), archive(run, 3)];

  it('plans a job for each latest archive of the policy’s clients, with a seed that is its own', () => {
    const drafts = draftDrills({ run, resolved, launchType: 'scheduled' }, archives);
    expect(drafts.map(({ name, archive_name, master_job_id }) => [name, archive_name, master_job_id])).toEqual([
      ['Restore Drill policy1 host1-1', 'archive-1', 1],
      ['Restore Drill policy1 host1-2/web', 'archive-2', 2],
    ]);
    expect(drafts[0]).toMatchObject({ job_type: 'restore', drill: { files: 10 }, needs: [] });
    expect(new Set(drafts.map(({ drill }) => drill?.seed)).size).toBe(2);
    expect(draftDrills({ run, resolved, launchType: 'scheduled' }, archives)).toEqual(drafts);
  });

  it('plans the preparation of the repository before the drills', () => {
    const unprepared = { ...resolved, repository: unready(resolved.repository) };
    expect(outline(draftDrills({ run, resolved: unprepared, launchType: 'manual' }, archives.slice(0, 1)))).toEqual([
      'Prepare Repository',
      'Restore Drill host1-1 <- Prepare Repository',
    ]);
  });

  it.each<[string, ResolvedPolicy, LatestArchive[]]>([
    ['without an archive', resolved, []],
    ['of a client that left the policy', resolved, [archive(run, 3)]],
    [
      'of a disabled client',
      { ...resolved, clients: resolved.clients.map((client) => ({ ...client, enabled: false })) },
      [archive(three!, 1)],
    ],
  ])('refuses a drill %s', (_name, policy, given) => {
    expect(() => draftDrills({ run, resolved: policy, launchType: 'manual' }, given)).toThrow('has no archive');
  });
});

describe('draftRelaunch', () => {
  const client = policyOf().clients[0]!;
  const master = { uuid: run, id: 77, archiveName: 'a' };
  const job = (jobType: string, changes: Partial<RelaunchedJob> = {}): RelaunchedJob => ({
    jobType,
    task: null,
    machine: null,
    name: 'Some Job',
    client: client.uuid,
    master: null,
    ...changes,
  });
  const ready = policyOf(() => ({ clients: [client] }));
  const vms = ofMachines(ready);
  const bare = policyOf(({ repository }) => ({ clients: [unready(client)], repository: unready(repository) }));

  it.each<[string, ResolvedPolicy, RelaunchedJob, string[]]>([
    ['a backup alone', ready, job('job'), ['Backup Job host1-1']],
    [
      'a backup after what is not ready',
      bare,
      job('job'),
      [
        'Prepare Repository',
        'Prepare Client host1-1',
        'Backup Job host1-1 <- Prepare Repository <- Prepare Client host1-1',
      ],
    ],
    ['a listing alone', ready, job('catalog', { master }), ['Catalog Job host1-1']],
    [
      'a listing after the backup that failed',
      ready,
      job('catalog', { master: { ...master, archiveName: null } }),
      ['Backup Job host1-1', 'Catalog Job host1-1 <- Backup Job host1-1'],
    ],
    ['a prune alone', ready, job('prune', { master }), ['Prune Job host1-1']],
    ['a preparation of a client', ready, job('check'), ['Prepare Client host1-1']],
    ['a preparation of the repository', ready, job('check', { client: null }), ['Prepare Repository']],
    ['a preparation of the hypervisor', vms, job('check', { task: 'hypervisor' }), ['Prepare Hypervisor host1-1']],
    [
      'a search for machines',
      vms,
      job('check', { task: 'machines' }),
      ['Prepare Hypervisor host1-1', 'Find Machines host1-1 <- Prepare Hypervisor host1-1'],
    ],
    [
      'the backup of one machine',
      vms,
      job('job', { machine: { id: '7', name: 'web' } }),
      ['Prepare Hypervisor host1-1', 'Backup Job host1-1/web <- Prepare Hypervisor host1-1'],
    ],
    [
      'the prune of one machine',
      { ...vms, clients: [{ ...client, hypervisor_ready: true }] },
      job('prune', { machine: { id: '7', name: 'web' }, master }),
      ['Prune Job host1-1/web'],
    ],
  ])('plans %s', (_name, resolved, relaunched, expected) => {
    const drafts = draftRelaunch({ ...contextOf(resolved), launchType: 'relaunch' }, relaunched);
    expect(outline(drafts)).toEqual(expected);
    expect(drafts.map(({ launch_type }) => launch_type)).toEqual([
      ...Array<string>(drafts.length - 1).fill('dependency'),
      'relaunch',
    ]);
  });

  it('plans the listing of an archive that exists', () => {
    const [draft] = draftRelaunch(contextOf(ready), job('catalog', { master }));
    expect(draft).toMatchObject({ archive_name: 'a', master_job: run, master_job_id: 77 });
  });

  it.each<[string, ResolvedPolicy, RelaunchedJob, string]>([
    ['whose client left the policy', policyOf(), job('job'), 'no longer belongs to the policy "policy1"'],
    [
      'whose client is disabled',
      policyOf(() => ({ clients: [{ ...client, enabled: false }] })),
      job('job'),
      'is disabled',
    ],
    ['of a kind that has no policy of its own', ready, job('restore'), 'cannot be run again'],
  ])('refuses to run a job again %s', (_name, resolved, relaunched, message) => {
    expect(() => draftRelaunch(contextOf(resolved), relaunched)).toThrow(message);
  });
});

describe('archiveName', () => {
  it.each<[string, string]>([
    ['web-01.example.org', 'folders-web-01.example.org-2026-01-02_03-04'],
    ['a b/c::d{now}', 'folders-a_b_c__d_now_-2026-01-02_03-04'],
    ['größe', 'folders-gr__e-2026-01-02_03-04'],
    ['x'.repeat(1_000), `folders-${'x'.repeat(150)}-2026-01-02_03-04`],
  ])('names the archives of %s', (host, expected) => {
    expect(archiveName('folders', { hostname: host }, Date.UTC(2026, 0, 2, 3, 4, 5))).toBe(expected);
  });

  it('numbers the candidates of a name that is taken', () => {
    expect([1, 2, 3].map((n) => nthName('a', n))).toEqual(['a', 'a-2', 'a-3']);
  });

  it('makes the uuid of RFC 9562’s own example', () => {
    expect(nameUuid('6ba7b810-9dad-11d1-80b4-00c04fd430c8', 'www.example.com')).toBe(
      '2ed6657d-e927-568b-95e1-2665a8aea6a2',
    );
  });
});
