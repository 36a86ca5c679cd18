import {
  explainFailure,
  initCommand,
  keyExportCommand,
  parseRepositoryInfo,
  parseRepositoryLocation,
  sshRunner,
  type RepositoryInfo,
} from '@cyborgbackup/borg';
import { repositoryCommands } from '@cyborgbackup/contracts';
import { QUIET, readInfo } from '../../borg/queries.ts';
import { commandOptions, runBorgStep, tryBorgStep } from '../../borg/run-step.ts';
import type { BorgEndpoint } from '../../endpoints/borg-endpoint.ts';
import { assertOwnKey, ownKeyOf } from '../../endpoints/own-key.ts';
import { openRepositoryEndpoint } from '../../endpoints/repository-endpoint.ts';
import { openShell } from '../../endpoints/repository-shell.ts';
import { repositorySecrets } from '../../endpoints/secrets.ts';
import { callService } from '../../job/call-service.ts';
import type { JobContext } from '../../job/job-context.ts';
import { repositoryOf } from '../../job/job-plan.ts';
import { EMPTY_RESULT, repositorySizesOf, type JobResult } from '../../job/job-result.ts';
import { installOwnKey } from './install-own-key.ts';
import { refuseOtherRepository } from './known-repository.ts';
import { prepareEndpoint, prepareRunner } from './prepare-endpoint.ts';

const ENCRYPTION = 'repokey-blake2';

/** Undefined when there is no repository. An answer shows that the passphrase is right: borg has decrypted the manifest. */
const readRepository = async (context: JobContext, endpoint: BorgEndpoint): Promise<RepositoryInfo | undefined> => {
  const info = await readInfo(context, endpoint, 'no-repository');
  return info === undefined ? undefined : parseRepositoryInfo(info);
};

const initialise = async (context: JobContext, endpoint: BorgEndpoint): Promise<RepositoryInfo> => {
  context.output.write('verbose', `There is no repository yet: initialising one with ${ENCRYPTION}`);
  const argv = initCommand({ repository: endpoint.repository, encryption: ENCRYPTION, makeParentDirs: true });
  await runBorgStep(context, endpoint, { argv });
  const info = await readRepository(context, endpoint);
  if (!info) throw new Error('The repository vanished right after it was initialised');
  return info;
};

/** A warning for a repository that was initialised in another way than ours. */
const warningOf = (encryption: string): string | undefined => {
  if (encryption === 'none') {
    return 'This repository is not encrypted: its passphrase is not used, and whoever reads its disk reads the backups.';
  }
  if (encryption.startsWith('authenticated')) {
    return 'This repository is authenticated, not encrypted: whoever reads its disk reads the backups.';
  }
  if (encryption.startsWith('keyfile')) {
    return "This repository's key is in a file, not in the repository: every host that runs borg for it needs that file.";
  }
  return undefined;
};

/** Stores a copy of borg's key with the inventory; returns a warning when borg cannot export it. */
const escrowKey = async (
  context: JobContext,
  endpoint: BorgEndpoint,
  { repository, encryption }: RepositoryInfo,
): Promise<readonly string[]> => {
  if (encryption === 'none') return [];
  const argv = keyExportCommand(commandOptions(endpoint));
  const result = await tryBorgStep(context, endpoint, { argv, ...QUIET });
  if (result.outcome !== 'success' || result.stdout.trim() === '') {
    return [`Borg's key could not be exported, so there is no copy of it here: ${explainFailure(result).message}`];
  }
  const request = { uuid: repositoryOf(context.plan).uuid, borg_id: repository.id, key: result.stdout };
  await callService(context.deps, repositoryCommands.escrowKey, request);
  context.output.write('verbose', "A copy of borg's key is kept here, encrypted");
  return [];
};

/** What a preparation made sure of, for its record. */
interface OwnKeyFacts {
  /** Whether there is a host, which takes the key. */
  readonly own_key: boolean;
  readonly key_installed: boolean;
}

/**
 * Makes sure that the repository's host takes the repository's own key, for borg alone. Where the control plane's key has a shell
 * there, the line is installed, and borg if it is missing and may be.
 * @throws JobFailure with the line to paste
 */
const prepareHost = async (context: JobContext): Promise<OwnKeyFacts> => {
  const repository = repositoryOf(context.plan);
  const location = parseRepositoryLocation(repository.path);
  if (location.kind === 'local') return { own_key: false, key_installed: false };
  const secrets = await repositorySecrets(context.deps, repository.uuid);
  const own = ownKeyOf(repository, location, secrets);
  const shell = await openShell(context, location, secrets);
  if (!shell) {
    await assertOwnKey(context, own);
    return { own_key: true, key_installed: false };
  }
  try {
    const runner = sshRunner(shell);
    await prepareRunner(context, { runner, name: runner.where, programs: ['borg'], borg: secrets.remotePath });
    const { isNew, problem } = await installOwnKey(context, runner, own);
    await assertOwnKey(context, own, whyNot(problem));
    return { own_key: true, key_installed: isNew };
  } finally {
    await shell.close();
  }
};

/** For the failure after the line was installed in the account's file, or could not be. */
const whyNot = (problem: string): string =>
  problem === ''
    ? ', although the line is in ~/.ssh/authorized_keys there (does sshd read another file?)'
    : `, and its line could not be added (${problem})`;

/**
 * Makes sure there is a repository that our passphrase opens: an existing one is adopted as it is, also when another program
 * initialised it; where there is none, one is initialised. Neither happens once backups were made in another one: then the path
 * is wrong.
 */
export const prepareRepository = async (context: JobContext): Promise<JobResult> => {
  const { deps, plan, output } = context;
  const { uuid, name } = repositoryOf(plan);
  output.write('verbose', `Opening repository ${name}`);
  const keyFacts = await prepareHost(context);
  await using endpoint = await openRepositoryEndpoint(context, {
    ...repositoryOf(plan),
    isOwnKeySeen: keyFacts.own_key,
  });
  await prepareEndpoint(context, endpoint, { pull: false });
  const existing = await readRepository(context, endpoint);
  await refuseOtherRepository(context, existing?.repository.id);
  const info = existing ?? (await initialise(context, endpoint));
  const encryptionWarning = warningOf(info.encryption);
  if (encryptionWarning !== undefined) output.write('system_warning', encryptionWarning);
  const warnings = await escrowKey(context, endpoint, info);
  for (const warning of warnings) output.write('system_warning', warning);
  output.write('verbose', `The repository is ready (${info.encryption})`);
  const report = {
    uuid,
    ready: true,
    borg_id: info.repository.id,
    encryption: info.encryption,
    initialised: existing === undefined,
    ...keyFacts,
  };
  await callService(deps, repositoryCommands.recordPreparation, report);
  return { ...EMPTY_RESULT, warnings, repository_sizes: repositorySizesOf(info.cache) };
};
