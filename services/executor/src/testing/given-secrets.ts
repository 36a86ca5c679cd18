import {
  archiveContentRead,
  archiveReadsStream,
  jobStream,
  jobStarted,
  repositoryChanged,
  repositoryPrepared,
  repositoryRegistered,
  repositorySshKeyGenerated,
  runRequested,
  runStream,
  secretCommands,
  settingChanged,
  SETTINGS_STREAM,
  sshKeyGenerated,
  type GivenSecrets,
  type RunSecrets,
} from '@cyborgbackup/contracts';
import { isEncrypted } from '@cyborgbackup/event-store';
import type { DomainEvent, Sealed } from '@cyborgbackup/kernel';
import type { ServiceDeps } from '@cyborgbackup/service';
import type { SiteLog } from './site-log.ts';

/*
 * Plays the inventory, which is another service: gives a job of a test what its log says, without asking whether it is granted.
 */

type LogDeps = Pick<ServiceDeps, 'store' | 'keys'>;

const eventsOf = async <Data>(
  { store }: LogDeps,
  stream: string,
  definition: { readonly type: string; readonly schema: { parse(data: unknown): Data } },
): Promise<Data[]> => {
  const found: DomainEvent[] = [];
  for await (const event of store.readStream(stream)) found.push(event);
  return found.filter(({ type }) => type === definition.type).map(({ data }) => definition.schema.parse(data));
};

const opened = async ({ keys }: LogDeps, secret: Sealed): Promise<string> =>
  isEncrypted(secret) ? ((await keys.open(secret)) ?? '') : secret;

const repositoryOf = async (deps: LogDeps, uuid: string): Promise<GivenSecrets['repository']> => {
  const stream = `repository-${uuid}`;
  const [registered] = await eventsOf(deps, stream, repositoryRegistered);
  if (!registered) return null;
  const key = (await eventsOf(deps, stream, repositorySshKeyGenerated)).at(-1);
  const prepared = (await eventsOf(deps, stream, repositoryPrepared)).at(-1);
  const changes = await eventsOf(deps, stream, repositoryChanged);
  return {
    ...{ uuid, id: registered.id, takes_own_key: prepared?.own_key ?? false },
    remote_path: changes.findLast((change) => change.remote_path !== undefined)?.remote_path ?? registered.remote_path,
    encryption: prepared?.encryption ?? '',
    passphrase: await opened(deps, registered.repository_key),
    own_key: key ? { public_key: key.public_key, private_key: await opened(deps, key.private_key) } : null,
  };
};

const loginOf = async (deps: LogDeps): Promise<GivenSecrets['login']> => {
  const settings = await eventsOf(deps, SETTINGS_STREAM, settingChanged);
  const user = settings.findLast(({ key }) => key === 'cyborgbackup_backup_user')?.value;
  const key = (await eventsOf(deps, SETTINGS_STREAM, sshKeyGenerated)).at(-1);
  return key ? { user: user ?? 'root', private_key: await opened(deps, key.private_key) } : null;
};

/** Everything there is, whatever the job needs of it. */
export const givenSecrets = async (
  deps: LogDeps,
  { repository, ...secrets }: Partial<RunSecrets> & { readonly repository: string | undefined },
): Promise<GivenSecrets> => {
  const open = async (secret: Sealed | null | undefined): Promise<string> => (secret ? opened(deps, secret) : '');
  return {
    repository: repository === undefined ? null : await repositoryOf(deps, repository),
    login: await loginOf(deps),
    extra_vars: await open(secrets.extra_vars),
    prehook: await open(secrets.prehook),
    posthook: await open(secrets.posthook),
  };
};

const givenForJob = async (deps: LogDeps, job: string): Promise<GivenSecrets> => {
  const [started] = await eventsOf(deps, jobStream(job), jobStarted);
  const [request] = await eventsOf(deps, runStream(started?.run ?? ''), runRequested);
  if (!request) throw new Error(`${job} is of no run`);
  return givenSecrets(deps, { ...request, repository: request.repository?.uuid });
};

const givenForContent = async (deps: LogDeps, job: string, read: number): Promise<GivenSecrets> => {
  const event = (await eventsOf(deps, archiveReadsStream(job), archiveContentRead))[read - 1];
  return givenSecrets(deps, { repository: event?.repository });
};

/** Answers executors in place of the inventory. @returns what ends the answers to jobs */
export const answerSecretReads = (deps: LogDeps, answer: SiteLog['answer']): (() => void) => {
  answer(secretCommands.readForContent.subject, ({ job, read }: { job: string; read: number }) =>
    givenForContent(deps, job, read),
  );
  return answer(secretCommands.readForJob.subject, ({ job }: { job: string }) => givenForJob(deps, job));
};
