import type { RunRequested } from '@cyborgbackup/contracts';
import { describe, expect, it } from 'vitest';
import { preparationOf } from '../../job/preparation.ts';
import { somePolicy } from '../../testing/policy-fixture.ts';
import type { ResolvedPolicy } from './draft-jobs.ts';
import { draftLaunch } from './draft-launch.ts';
import { planRun } from './plan-run.ts';
import { preparationsOf, sharePreparations } from './share-preparations.ts';

const run = '11111111-1111-4111-8111-111111111111';
const other = '22222222-2222-4222-8222-222222222222';

/** A policy of which nothing is ready. */
const unready = (changes: Partial<ResolvedPolicy['policy']> = {}): ResolvedPolicy => {
  const { policy, repository, clients, ...rest } = somePolicy(1, { catalog_enabled: false, auto_prune: false });
  return {
    ...rest,
    policy: { ...policy, ...changes },
    repository: { ...repository, ready: false },
    clients: clients.map((client) => ({ ...client, ready: false })),
  };
};
const ofMachines = { policy_type: 'proxmox', vmprovider: 'proxmox' };

const planOf = (resolved: ResolvedPolicy): RunRequested => {
  const drafts = draftLaunch({ run, resolved, launchType: 'scheduled' });
  return planRun({ run, resolved, drafts }, { ids: drafts.map((_, index) => index + 1), archives: new Map() });
};

/** `name <- names of what it needs`, where the other run's jobs have their uuids. */
const outline = ({ jobs }: RunRequested): string[] => {
  const names = new Map(jobs.map(({ uuid, name }) => [uuid, name]));
  return jobs.map(({ name, needs }) => [name, ...needs.map((need) => names.get(need) ?? need)].join(' <- '));
};

describe('sharePreparations', () => {
  const [repository, client, hypervisor] = [
    'Prepare Repository repository1',
    'Prepare Client host1-1',
    'Prepare Hypervisor host1-1',
  ];
  const backup = 'Backup Job policy1 host1-1';
  const machines = 'Find Machines policy1 host1-1';

  it.each<[string, Parameters<typeof unready>[0], readonly string[], string[]]>([
    [
      'everything itself when nothing is under way',
      {},
      [],
      [repository, client, `${backup} <- ${repository} <- ${client}`],
    ],
    ['what no other run does', {}, [client], [repository, `${backup} <- ${repository} <- ${other}`]],
    ['nothing when other runs do it all', {}, [repository, client], [`${backup} <- ${other} <- ${other}`]],
    [
      'a hypervisor after the client that another run prepares',
      ofMachines,
      [repository, client],
      [`${hypervisor} <- ${other}`, `${machines} <- ${other} <- ${other} <- ${hypervisor}`],
    ],
    [
      'the search for machines, whatever other runs do',
      ofMachines,
      [repository, client, hypervisor, machines],
      [`${machines} <- ${other} <- ${other} <- ${other}`],
    ],
  ])('has a run prepare %s', (_name, changes, underWay, expected) => {
    const plan = planOf(unready(changes));
    const found = plan.jobs.flatMap((job) => {
      const preparation = preparationOf(plan, job);
      return underWay.includes(job.name) && preparation !== null ? [[preparation, other] as const] : [];
    });
    expect(outline(sharePreparations(plan, new Map(found)))).toEqual(expected);
  });

  it('leaves a preparation that somebody asked for', () => {
    const plan = planOf(unready());
    const relaunched = { ...plan, jobs: plan.jobs.map((job) => ({ ...job, launch_type: 'relaunch' as const })) };
    expect(preparationsOf(plan)).toHaveLength(2);
    expect(preparationsOf(relaunched)).toEqual([]);
    const found = new Map(preparationsOf(plan).map((preparation) => [preparation, other]));
    expect(sharePreparations(relaunched, found)).toEqual(relaunched);
  });
});

describe('preparationOf', () => {
  const base = unready();
  const pull = unready({ mode_pull: true });
  const elsewhere = { repository: { ...base.repository, path: '/srv/other' } };
  const moved = { clients: base.clients.map((client) => ({ ...client, port: 2_222 })) };
  const faster = { clients: base.clients.map((client) => ({ ...client, bandwidth_limit: 10 })) };
  const same = { repository: base.repository, clients: base.clients };

  it.each<[string, ResolvedPolicy, ResolvedPolicy, { repository: boolean; client: boolean }]>([
    ['two policies', base, { ...unready({ name: 'another' }), ...same }, { repository: true, client: true }],
    ['another path of the repository', base, { ...base, ...elsewhere }, { repository: false, client: true }],
    ['another port of the client', base, { ...base, ...moved }, { repository: true, client: false }],
    ['another limit of the client', base, { ...base, ...faster }, { repository: true, client: true }],
    ['a policy that mounts the client', base, { ...pull, ...same }, { repository: true, client: false }],
    ['another path, mounted', pull, { ...pull, ...elsewhere }, { repository: false, client: false }],
  ])('says for %s which preparations are the same', (_name, one, two, { repository, client }) => {
    const [first, second] = [preparationsOf(planOf(one)), preparationsOf(planOf(two))];
    expect([first[0] === second[0], first[1] === second[1]]).toEqual([repository, client]);
  });
});
