import { startTestSshd, type TestSshd } from '@cyborgbackup/testkit';
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
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

export interface FleetSize {
  readonly clients: number;
  readonly repositories: number;
  /** Of the data that every client backs up. */
  readonly bytes: number;
}

/** Addresses of loopback, each of them a client to the product. */
const addressOf = (index: number): string => `127.0.0.${index + 2}`;

const startHost = async (
  folder: string,
  options: { publicKey: string; witness: BorgWitness; clients: number },
): Promise<TestSshd> => {
  const { publicKey, witness, clients } = options;
  const listen = Array.from({ length: clients }, (_, index) => `ListenAddress ${addressOf(index)}`);
  const path = [witness.path, process.env['PATH'] ?? ''].join(delimiter);
  const config = [...listen, `SetEnv BORG_BASE_DIR=${join(folder, 'borg')} "PATH=${path}"`];
  return startTestSshd({ authorizedKeys: [publicKey], config });
};

const makePolicy = async (
  api: ApiClient,
  options: { sshd: TestSshd; path: string; clients: readonly string[]; source: string; name: string },
): Promise<number> => {
  const { sshd, path, clients, source, name } = options;
  const ids: number[] = [];
  for (const hostname of clients) {
    ids.push((await api.post('/api/v1/clients/', { hostname, port: sshd.port }, created)).id);
  }
  const url = `ssh://${sshd.user}@127.0.0.1:${sshd.port}${path}`;
  const repository = await api.post('/api/v1/repositories/', { name, path: url, repository_key: PASSPHRASE }, created);
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

export const makeFleet = async (api: ApiClient, size: FleetSize): Promise<Fleet> => {
  const folder = await mkdtemp(join(tmpdir(), 'cyborgbackup-fleet-'));
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
  const witness = await startBorgWitness(folder, { borg, repositories });
  const publicKey = await api.get('/api/v1/settings/get_ssh_publickey/', z.string());
  const sshd = await startHost(folder, { publicKey, witness, clients: size.clients });
  const policies: number[] = [];
  for (const [index, path] of repositories.entries()) {
    const clients = Array.from({ length: size.clients }, (_, client) => client)
      .filter((client) => client % size.repositories === index)
      .map(addressOf);
    policies.push(await makePolicy(api, { sshd, path, clients, source, name: `Policy ${index}` }));
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
      await sshd.stop();
      await witness[Symbol.asyncDispose]();
      await rm(folder, { recursive: true, force: true });
    },
  };
};
