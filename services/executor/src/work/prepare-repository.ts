import {
  authorizedKeysLine,
  explainFailure,
  infoCommand,
  initCommand,
  keyExportCommand,
  parseRepositoryInfo,
  parseRepositoryLocation,
  type RepositoryInfo,
} from '@cyborgbackup/borg';
import { repositoryCommands } from '@cyborgbackup/contracts';
import { onRepositoryHost, type BorgPlace } from '../connect/connections.ts';
import { takesOwnKey } from '../connect/repository-side.ts';
import { mayInstallPrograms, repositorySecrets } from '../connect/secrets.ts';
import { repositoryOf } from '../job/job-plan.ts';
import type { JobResult } from '../job/job-result.ts';
import { refuseOtherPlace } from '../prepare/known-repository.ts';
import { preparePlace } from '../prepare/prepare-place.ts';
import { sizesOf } from './archive-facts.ts';
import { connectionsOf, type JobContext } from './job-context.ts';
import { failureOf, LOCK_WAIT_SECONDS, runStep, tryStep } from './run-step.ts';

const ENCRYPTION = 'repokey-blake2';

/** Undefined when there is no repository. That borg answers proves the passphrase: it has decrypted the manifest. */
const readInfo = async (context: JobContext, place: BorgPlace): Promise<RepositoryInfo | undefined> => {
  const argv = infoCommand({ repository: place.repository, lockWaitSeconds: LOCK_WAIT_SECONDS });
  const result = await tryStep(context, place, { argv, onLog: () => undefined });
  if (result.outcome === 'success' || result.outcome === 'warning') return parseRepositoryInfo(result.stdout);
  if (explainFailure(result).kind === 'no-repository') return undefined;
  throw failureOf(result, place.runner.where);
};

const initialise = async (context: JobContext, place: BorgPlace): Promise<RepositoryInfo> => {
  context.output.write('verbose', `There is no repository yet: initialising one with ${ENCRYPTION}`);
  const argv = initCommand({ repository: place.repository, encryption: ENCRYPTION, makeParentDirs: true });
  await runStep(context, place, { argv });
  const info = await readInfo(context, place);
  if (!info) throw new Error('The repository vanished right after it was initialised');
  return info;
};

/** What somebody who adopts a repository that we would have made otherwise should know. */
const remarkOn = (encryption: string): string | undefined => {
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

/** Hands borg's key over for safe keeping; a warning when there is none to be had. */
const escrowKey = async (
  context: JobContext,
  place: BorgPlace,
  { repository, encryption }: RepositoryInfo,
): Promise<readonly string[]> => {
  if (encryption === 'none') return [];
  const argv = keyExportCommand({ repository: place.repository, lockWaitSeconds: LOCK_WAIT_SECONDS });
  const result = await tryStep(context, place, { argv, onLog: () => undefined });
  if (result.outcome !== 'success' || result.stdout.trim() === '') {
    return [`Borg's key could not be exported, so there is no copy of it here: ${explainFailure(result).message}`];
  }
  const { escrowKey: escrow } = repositoryCommands;
  const request = { uuid: repositoryOf(context.plan).uuid, borg_id: repository.id, key: result.stdout };
  await context.parts.rpc.call(escrow.subject, request, { schema: escrow.output });
  context.output.write('verbose', "A copy of borg's key is kept here, encrypted");
  return [];
};

/** Whether the repository's host takes the repository's own key; what to install there otherwise is printed. */
const tryOwnKey = async (context: JobContext): Promise<boolean> => {
  const { uuid, path } = repositoryOf(context.plan);
  const location = parseRepositoryLocation(path);
  if (location.kind === 'local') return false;
  const { id, ownKey } = await repositorySecrets(context.parts, uuid);
  if (!ownKey) {
    context.output.write('system_warning', 'This repository has no SSH key of its own yet: generate one for it.');
    return false;
  }
  if (await takesOwnKey(connectionsOf(context), location, ownKey.privateKey)) return true;
  const line = authorizedKeysLine({ publicKey: ownKey.publicKey, path, repositoryId: id });
  context.output.write(
    'system_warning',
    `${location.host} does not take this repository's own key. Add this line to the authorized_keys of ${location.user} there, and prepare the repository again:\n${line}`,
  );
  return false;
};

/**
 * Makes sure there is a repository that our passphrase opens: an existing one is adopted as it is, also when somebody else
 * made it; where there is none, one is initialised. Neither once backups were made in another one: then the path is wrong.
 */
export const prepareRepository = async (context: JobContext): Promise<JobResult> => {
  const { parts, plan, output, signal } = context;
  const { uuid, name } = repositoryOf(plan);
  output.write('verbose', `Opening repository ${name}`);
  await using place = await onRepositoryHost(connectionsOf(context), repositoryOf(plan));
  const say = (text: string): void => output.write('verbose', text);
  const mayInstall = await mayInstallPrograms(parts);
  await preparePlace(place, { mayInstall, signal, say, pull: false });
  const existing = await readInfo(context, place);
  await refuseOtherPlace(context, existing?.repository.id);
  const info = existing ?? (await initialise(context, place));
  const remark = remarkOn(info.encryption);
  if (remark !== undefined) output.write('system_warning', remark);
  const warnings = await escrowKey(context, place, info);
  for (const warning of warnings) output.write('system_warning', warning);
  const own_key = await tryOwnKey(context);
  output.write('verbose', `The repository is ready (${info.encryption})`);
  const { recordPreparation: prepared } = repositoryCommands;
  const report = {
    uuid,
    ready: true,
    borg_id: info.repository.id,
    encryption: info.encryption,
    initialised: existing === undefined,
    own_key,
  };
  await parts.rpc.call(prepared.subject, report, { schema: prepared.output });
  return { warnings, archive: null, repositorySizes: sizesOf(info.cache), pruned: [] };
};
