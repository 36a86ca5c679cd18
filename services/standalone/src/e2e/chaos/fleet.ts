import { startTestSshd, type TestSshd } from '@cyborgbackup/testkit';
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { findExecutable } from '@cyborgbackup/embedded';
import { z } from 'zod';
import type { ApiClient } from '../../demo/api-client.ts';
import { startBorgWitness, type BorgWitness } from './borg-witness.ts';

const run = promisify(execFile);
const created = z.object({ id: z.number() });
const PASSPHRASE = 'a passphrase';

/** Many clients (one machine under many addresses), a few repositories, and a policy for each repository. */
export interface Fleet extends AsyncDisposable {
  readonly policies: readonly number[];
  readonly repositories: readonly string[];
  readonly witness: BorgWitness;
  /** Names of the archives in a repository, checkpoints included, each as often as it is there. */
  archives(repository: string): Promise<readonly string[]>;
}

interface Client {
  readonly hostname: string;
  readonly port: number;
}

export interface FleetSize {
  readonly clients: number;
  readonly repositories: number;
  /** Of the data that every client backs up. */
  readonly bytes: number;
}

/** An sshd listens on sixteen addresses at most. */
const CLIENTS_PER_SSHD = 10;

/** Addresses of loopback, each of them a client to the product. */
const addressOf = (index: number): string => `127.0.0.${index + 2}`;

const startHost = async (
  folder: string,
  options: { publicKey: string; clients: readonly number[] },
): Promise<TestSshd> => {
  const { publicKey, clients } = options;
  const listen = clients.map((client) => `ListenAddress ${addressOf(client)}`);
  const environment = { BORG_BASE_DIR: join(folder, 'borg'), PATH: pathOf(folder) };
  return startTestSshd({ authorizedKeys: [publicKey], environment, config: listen });
};

const makePolicy = async (
  api: ApiClient,
  options: { path: string; clients: readonly Client[]; source: string; name: string },
): Promise<number> => {
  const { path, clients, source, name } = options;
  const ids: number[] = [];
  for (const client of clients) ids.push((await api.post('/api/v1/clients/', client, created)).id);
  const repository = await api.post('/api/v1/repositories/', { name, path, repository_key: PASSPHRASE }, created);
  const schedule = await api.post('/api/v1/schedules/', { name, crontab: '0 5 1 1 * *' }, created);
  const policy = {
    name,
    policy_type: 'folders',
    extra_vars: JSON.stringify({ folders: [source] }),
    clients: ids,
    repository: repository.id,
    schedule: schedule.id,
    keep_daily: 3,
    max_attempts: 20,
  };
  return (await api.post('/api/v1/policies/', policy, created)).id;
};

/** The PATH of hosts and executors, with the witness in front: borg runs on both. */
export const pathOf = (folder: string): string => [join(folder, 'witness'), process.env['PATH'] ?? ''].join(delimiter);

/** @param folder for all of the fleet */
export const makeFleet = async (api: ApiClient, size: FleetSize, folder: string): Promise<Fleet> => {
  const borg = await findExecutable('borg');
  if (borg === undefined) throw new Error('There is no borg here');
  const source = join(folder, 'source');
  const repositories = Array.from({ length: size.repositories }, (_, index) =>
    join(folder, `repository-${index}.borg`),
  );
  await mkdir(source);
  await mkdir(join(folder, 'borg'));
  for (let part = 0; part < 10; part += 1) {
    await writeFile(join(source, `part-${part}.bin`), randomBytes(Math.ceil(size.bytes / 10)));
  }
  const witness = await startBorgWitness(join(folder, 'witness'), { borg, repositories });
  const publicKey = await api.get('/api/v1/settings/get_ssh_publickey/', z.string());
  const numbers = Array.from({ length: size.clients }, (_, client) => client);
  const groups = Map.groupBy(numbers, (client) => Math.floor(client / CLIENTS_PER_SSHD));
  const hosts: TestSshd[] = [];
  for (const clients of groups.values()) hosts.push(await startHost(folder, { publicKey, clients }));
  const [home] = hosts;
  if (!home) throw new Error('A fleet has clients');
  const clientOf = (number: number): Client => ({
    hostname: addressOf(number),
    port: (hosts[Math.floor(number / CLIENTS_PER_SSHD)] ?? home).port,
  });
  const policies: number[] = [];
  for (const [index, repository] of repositories.entries()) {
    const clients = numbers.filter((number) => number % size.repositories === index).map(clientOf);
    const path = `ssh://${home.user}@127.0.0.1:${home.port}${repository}`;
    policies.push(await makePolicy(api, { path, clients, source, name: `Policy ${index}` }));
  }
  const env = { ...process.env, BORG_PASSPHRASE: PASSPHRASE, BORG_BASE_DIR: join(folder, 'borg-look') };
  return {
    policies,
    repositories,
    witness,
    archives: async (repository) => {
      const args = ['list', '--short', '--consider-checkpoints', '--lock-wait', '60', repository];
      const { stdout } = await run(borg, args, { env });
      return stdout.split('\n').filter((line) => line !== '');
    },
    [Symbol.asyncDispose]: async () => {
      await Promise.all(hosts.map((host) => host.stop()));
      await witness[Symbol.asyncDispose]();
    },
  };
};
