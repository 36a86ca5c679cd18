import {
  authorizedKeysLine,
  generateKeyPair,
  initCommand,
  runBorg,
  localRunner,
  type HostKey,
  type HostKeyPins,
  type SshKeyPair,
} from '@cyborgbackup/borg';
import { RUN_ON_REPOSITORY_HOST_SETTING, SETTINGS_STREAM } from '@cyborgbackup/contracts';
import { createLogger, type DomainEvent } from '@cyborgbackup/kernel';
import type { ServiceDeps } from '@cyborgbackup/service';
import { startTestSshd, type TestSshd } from '@cyborgbackup/testkit';
import { randomUUID } from 'node:crypto';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ConnectionOptions } from '../job/job-context.ts';
import type { WorkDeps } from '../job/executor-deps.ts';
import { givenSecrets } from './given-secrets.ts';
import {
  loginEvents,
  ownKeyGenerated,
  repositoryPrepared,
  repositoryRegistered,
  settingChanged,
} from './job-fixtures.ts';

export const PASSPHRASE = `pass $(phrase) 'quoted'`;

export interface SiteOptions {
  /** What the repository's host accepts: the control plane's key with a shell, or the own key for borg alone, or both. */
  readonly repositoryTakes?: readonly ('control' | 'own')[];
  /** Whether a preparation saw that. */
  readonly ownKeySeen?: boolean;
  /** More of sshd's configuration on the client. */
  readonly clientConfig?: readonly string[];
  readonly clientPath?: string;
  /** More of the environment on the repository's host. */
  readonly repositoryEnvironment?: Readonly<Record<string, string>>;
  /** Whether borg may run on the repository's host. */
  readonly onHost?: boolean;
  /** False where no borg is to find a repository. */
  readonly initialised?: boolean;
}

/** A client and a repository host behind sshds of their own, a repository, and the log that tells of both. */
export interface ConnectSite extends AsyncDisposable {
  readonly folder: string;
  readonly client: TestSshd;
  readonly repositoryHost: TestSshd;
  readonly controlKey: SshKeyPair;
  readonly ownKey: SshKeyPair;
  readonly repository: { readonly uuid: string; readonly path: string };
  readonly target: { readonly uuid: string; readonly hostname: string; readonly port: number };
  readonly warnings: string[];
  readonly options: ConnectionOptions;
  readonly job: string;
  /** Changes what the log says. */
  readonly events: Map<string, DomainEvent[]>;
}

const createPins = (): HostKeyPins => {
  const keys = new Map<string, HostKey[]>();
  return {
    known: (host, port) => Promise.resolve(keys.get(`${host}:${port}`) ?? []),
    record: (host, port, key) => {
      keys.set(`${host}:${port}`, [key]);
      return Promise.resolve();
    },
  };
};

const fakeDeps = (events: Map<string, DomainEvent[]>, repository: string): WorkDeps => {
  const deps = {
    logger: createLogger('test', 'silent'),
    store: {
      async *readStream(stream: string) {
        await Promise.resolve();
        yield* events.get(stream) ?? [];
      },
    },
    keys: { open: () => Promise.reject(new Error('nothing is sealed here')) },
  };
  const log = deps as unknown as ServiceDeps;
  return { ...log, secrets: () => givenSecrets(log, { repository }) };
};

interface SiteFacts {
  readonly controlKey: SshKeyPair;
  readonly ownKey: SshKeyPair;
  readonly backupUser: string;
  readonly repository: { readonly uuid: string; readonly path: string };
  readonly ownKeySeen: boolean;
}

/** The events of a site in the log. */
const eventsOf = ({ controlKey, ownKey, backupUser, repository, ownKeySeen }: SiteFacts): Map<string, DomainEvent[]> =>
  new Map<string, DomainEvent[]>([
    ['settings', loginEvents(controlKey, backupUser)],
    [
      `repository-${repository.uuid}`,
      [
        repositoryRegistered({ ...repository, id: 3, repository_key: PASSPHRASE }),
        ownKeyGenerated(repository.uuid, ownKey),
        repositoryPrepared(repository.uuid, 'x', ownKeySeen),
      ],
    ],
  ]);

const STANDARD = {
  repositoryTakes: ['control', 'own'] as const,
  ownKeySeen: true,
  initialised: true,
  clientConfig: [],
  onHost: false,
};

export const startConnectSite = async (site: SiteOptions = {}): Promise<ConnectSite> => {
  const { repositoryTakes, ownKeySeen, initialised, clientConfig, clientPath, onHost, repositoryEnvironment } = {
    ...STANDARD,
    ...site,
  };
  const folder = await mkdtemp(join(tmpdir(), 'cyborgbackup-connect-'));
  for (const name of ['client', 'server', 'executor']) await mkdir(join(folder, name));
  // Where a borg that runs here keeps its cache.
  process.env['HOME'] = join(folder, 'executor');
  const [controlKey, ownKey] = await Promise.all(
    ['control', 'own'].map((comment) => generateKeyPair({ type: 'ed25519', comment })),
  );
  if (!controlKey || !ownKey) throw new Error('no keys');
  const repositoryPath = join(folder, 'repository');
  const lines = {
    control: controlKey.publicKey,
    own: authorizedKeysLine({ publicKey: ownKey.publicKey, path: repositoryPath, repositoryId: 3 }),
  };
  const path = clientPath === undefined ? {} : { PATH: `${clientPath}:${process.env['PATH'] ?? ''}` };
  const client = await startTestSshd({
    authorizedKeys: [controlKey.publicKey],
    environment: { BORG_BASE_DIR: join(folder, 'client'), ...path },
    config: clientConfig,
  });
  const repositoryHost = await startTestSshd({
    authorizedKeys: repositoryTakes.map((key) => lines[key]),
    environment: { BORG_BASE_DIR: join(folder, 'server'), ...repositoryEnvironment },
  });
  const { user, host, port } = repositoryHost;
  const repository = { uuid: randomUUID(), path: `ssh://${user}@${host}:${port}${repositoryPath}` };
  if (initialised) {
    await runBorg(localRunner(), {
      argv: initCommand({ repository: repositoryPath, encryption: 'repokey-blake2' }),
      passphrase: PASSPHRASE,
      env: { BORG_BASE_DIR: join(folder, 'server') },
    });
  }
  const events = eventsOf({ controlKey, ownKey, backupUser: client.user, repository, ownKeySeen });
  if (onHost) events.get(SETTINGS_STREAM)?.push(settingChanged(RUN_ON_REPOSITORY_HOST_SETTING, 'True'));
  const warnings: string[] = [];
  const job = randomUUID();
  return {
    folder,
    client,
    repositoryHost,
    controlKey,
    ownKey,
    repository,
    target: { uuid: randomUUID(), hostname: client.host, port: client.port },
    warnings,
    job,
    events,
    options: {
      deps: fakeDeps(events, repository.uuid),
      hostKeys: createPins(),
      connectTimeoutMillis: 10_000,
      signal: new AbortController().signal,
      job,
      warn: (text) => warnings.push(text),
    },
    [Symbol.asyncDispose]: async () => {
      await Promise.all([client.stop(), repositoryHost.stop()]);
      await rm(folder, { recursive: true, force: true });
    },
  };
};
