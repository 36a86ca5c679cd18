import { humanBytes } from '@cyborgbackup/kernel';
import { startTestSshd, type TestSshd } from '@cyborgbackup/testkit';
import { randomBytes } from 'node:crypto';
import { appendFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { logIn, type ApiClient } from './api-client.ts';
import { summarise, type CatalogSummary } from './catalog-summary.ts';
import type { DemoOptions } from './demo-options.ts';
import { enrol, type Enrolled } from './enrol.ts';
import { startProduct } from './product-process.ts';
import type { Terminal } from './terminal.ts';
import { watchJob, watchLaunch, type Job } from './watch-job.ts';

/** The line by which programs read the demo's outcome. */
export interface DemoOutcome {
  readonly job: number;
  readonly status: string;
  readonly archive: string;
  readonly entries: number;
  readonly original_size: number;
  readonly restored: boolean;
  readonly seconds: number;
}

interface Scene {
  readonly options: DemoOptions;
  /** The throw-away folder. */
  readonly folder: string;
  readonly terminal: Terminal;
  /** The product's `main.ts`. */
  readonly entry: string;
  /** Waits as long as the user wants to look around, and the product runs. */
  readonly keepRunning: (text: string, ended: Promise<unknown>) => Promise<void>;
}

const EMAIL = 'admin@demo.local';
const launched = z.object({ job: z.number() });
const TOP_FOLDERS = 8;

/** What npm installs again: not worth a backup. */
const EXCLUDES = ['*/node_modules'];

/** The product's main job on real data, over its public API only. @throws Error with a sentence when a step fails */
export const runDemo = async (scene: Scene): Promise<DemoOutcome> => {
  const { options, folder, terminal } = scene;
  const startedAt = Date.now();
  const password = randomBytes(12).toString('base64url');

  const home = join(folder, 'home');
  await mkdir(home);

  terminal.step('Start the product');
  await using product = await startProduct({
    entry: scene.entry,
    logFile: join(folder, 'product.log'),
    environment: {
      CYBORGBACKUP_LISTEN: '127.0.0.1:0',
      CYBORGBACKUP_DATA_DIR: join(folder, 'data'),
      CYBORGBACKUP_ADMIN_EMAIL: EMAIL,
      CYBORGBACKUP_ADMIN_PASSWORD: password,
      // Where borg keeps what it remembers of repositories.
      HOME: home,
    },
  });
  terminal.fact(`ready at ${product.url} after ${seconds(startedAt)} s, log in ${join(folder, 'product.log')}`);
  const api = await logIn(product.url, { email: EMAIL, password });
  const publicKey = await api.get('/api/v1/settings/get_ssh_publickey/', z.string());

  terminal.step('Start a host to back up, and one that keeps the repository');
  await using host = await startTestSshd({ dir: join(folder, 'client'), authorizedKeys: [publicKey] });
  terminal.fact(`sshd at ${host.host}:${host.port}, it knows the product's public key`);
  await using repositoryHost = await startTestSshd({ dir: join(folder, 'repository-host'), authorizedKeys: [] });
  terminal.fact(`sshd at ${repositoryHost.host}:${repositoryHost.port}, it knows nobody yet`);

  terminal.step('Enrol client, repository, schedule and policy over the API');
  const notes = join(folder, 'notes');
  await mkdir(notes);
  await writeFile(join(notes, 'note.txt'), 'first version\n');
  const things = await enrol(api, host, {
    repositoryHost,
    repositoryPath: join(folder, 'repository'),
    folders: [options.path, notes],
    exclude: [...EXCLUDES],
  });
  terminal.fact(`client ${things.client}, repository ${things.repository}, policy ${things.policy}`);
  await authorize(repositoryHost, things.keyLine);
  terminal.fact('the line for authorized_keys opens that repository, and nothing else on its host');

  terminal.step(`Back up ${options.path}`);
  const first = await launch(api, things, terminal);
  const archive = first.archive_name ?? '';
  terminal.fact(`${archive}: ${humanBytes(first.original_size)} read, ${humanBytes(first.deduplicated_size)} stored`);

  terminal.step('Look into the archive');
  const summary = await summarise(api, archive, options.path.slice(1));
  for (const { name, files, bytes } of summary.folders.slice(0, TOP_FOLDERS)) {
    terminal.fact(`${humanBytes(bytes).padStart(9)}  ${String(files).padStart(6)} files  ${name}`);
  }
  terminal.fact(`${summary.entries} entries in all`);

  terminal.step('Restore a file and compare it');
  await restoreAndCompare(scene, { api, things, archive, summary });

  terminal.step('Change a file and back up again');
  await writeFile(join(notes, 'note.txt'), 'second version\n');
  const second = await launch(api, things, terminal);
  terminal.fact(
    `${humanBytes(second.original_size)} read, ${humanBytes(second.deduplicated_size)} new: deduplication saved ${saved(second)} %`,
  );

  if (options.keep) {
    const login = `login ${EMAIL}  password ${password}`;
    await scene.keepRunning(`Running at ${product.url}/api/v1/  ${login}`, product.ended);
  }
  return {
    job: first.id,
    status: first.status,
    archive,
    entries: summary.entries,
    original_size: first.original_size,
    restored: true,
    seconds: Number(seconds(startedAt)),
  };
};

const authorize = ({ dir }: TestSshd, line: string): Promise<void> =>
  appendFile(join(dir, '.ssh', 'authorized_keys'), `${line}\n`);

const seconds = (since: number): string => ((Date.now() - since) / 1000).toFixed(1);

const saved = ({ original_size, deduplicated_size }: Job): string =>
  (100 * (1 - deduplicated_size / Math.max(1, original_size))).toFixed(2);

const launch = async (api: ApiClient, { policy }: Enrolled, terminal: Terminal): Promise<Job> => {
  const { job } = await api.post(`/api/v1/policies/${policy}/launch/`, {}, launched);
  return watchLaunch(api, job, policy, terminal);
};

interface RestoreTask {
  readonly api: ApiClient;
  readonly things: Enrolled;
  readonly archive: string;
  readonly summary: CatalogSummary;
}

const restoreAndCompare = async (scene: Scene, { api, things, archive, summary }: RestoreTask): Promise<void> => {
  const item = summary.sample?.path ?? join(scene.folder, 'notes', 'note.txt').slice(1);
  const target = join(scene.folder, 'restored');
  const request = { archive_name: archive, destination: things.client, dest_folder: target, item, dry_run: false };
  const { job } = await api.post('/api/v1/restore/', request, launched);
  await watchJob(api, job, scene.terminal);
  const [original, restored] = await Promise.all([readFile(join('/', item)), readFile(join(target, item))]);
  if (!original.equals(restored)) throw new Error(`${join(target, item)} differs from the original.`);
  scene.terminal.fact(`/${item}: ${restored.length} bytes, the same byte for byte`);
};
