import { isSupportedBorg, probeHost, type HostDescription } from '@cyborgbackup/borg';
import { clientCommands } from '@cyborgbackup/contracts';
import { openClient, type ClientSide } from '../connect/client-side.ts';
import { canBindKeys } from '../connect/openssh-version.ts';
import { openPullPlace } from '../connect/pull-place.ts';
import { mayInstallPrograms } from '../connect/secrets.ts';
import { JobFailure } from '../job/job-failure.ts';
import { clientOf } from '../job/job-plan.ts';
import { NOTHING_TO_TELL, type JobResult } from '../job/job-result.ts';
import { isMarkedForUpdate } from '../prepare/client-mark.ts';
import { ensurePrograms } from '../prepare/ensure-programs.ts';
import { preparePlace } from '../prepare/prepare-place.ts';
import { connectionsOf, type JobContext } from './job-context.ts';

const PROBE_MILLIS = 30_000;

/** What is not wrong, but good to know. */
const remarks = ({ isRoot, login, opensshVersion }: ClientSide, pull: boolean): readonly string[] => [
  ...(isRoot
    ? []
    : [`${login.user} is not root there and has no sudo without password: files that it cannot read will be missing.`]),
  ...(pull || canBindKeys(opensshVersion)
    ? []
    : [
        `OpenSSH there is ${opensshVersion ?? 'missing'}; before 8.9, backups need repositories whose hosts take the repository's own key.`,
      ]),
];

/** Push mode needs borg on the client; for pull mode it is welcome, since restores run there. @throws JobFailure */
const ensureBorg = async (context: JobContext, side: ClientSide, pull: boolean): Promise<HostDescription> => {
  const { parts, plan, output, signal } = context;
  const { uuid, hostname } = clientOf(plan);
  const { runner, isRoot } = side;
  const say = (text: string): void => output.write('verbose', text);
  const host = { runner, isRoot, name: hostname, signal, say };
  if (!pull) {
    const mayInstall = await mayInstallPrograms(parts);
    const upgrade = (await isMarkedForUpdate(parts, uuid)) ? (['borg'] as const) : [];
    await ensurePrograms(host, { programs: ['borg', 'ssh'], mayInstall, upgrade });
  }
  return probeHost(runner, { signal, timeoutMillis: PROBE_MILLIS });
};

/** Borg runs elsewhere and mounts the client: what that place needs. @throws JobFailure */
const preparePull = async (context: JobContext): Promise<void> => {
  const { parts, plan, output, signal } = context;
  const { repository } = plan.run;
  if (!repository) return;
  await using place = await openPullPlace(connectionsOf(context), { client: clientOf(plan), repository, pull: true });
  const say = (text: string): void => output.write('verbose', text);
  const mayInstall = await mayInstallPrograms(parts);
  await preparePlace(place, { mayInstall, signal, say, pull: true });
  say(`Borg will run on ${place.host === 'executor' ? 'the host of the executor' : place.runner.where}`);
};

/**
 * Makes a client ready over SSH alone: we can log in, and borg is there in a version we know, installed from the
 * distribution's packages where the settings allow it.
 */
export const prepareClient = async (context: JobContext): Promise<JobResult> => {
  const { parts, plan, output } = context;
  const { uuid, hostname, port } = clientOf(plan);
  const pull = plan.run.policy?.mode_pull ?? false;
  output.write('verbose', `Connecting to ${hostname}:${port}`);
  const side = await openClient(connectionsOf(context), { hostname, port });
  try {
    for (const remark of remarks(side, pull)) output.write('system_warning', remark);
    const { borgVersion, distribution, os, arch } = await ensureBorg(context, side, pull);
    if (borgVersion !== undefined && !isSupportedBorg(borgVersion)) {
      throw new JobFailure(`Borg ${borgVersion} on ${hostname} is not supported: install 1.2 or 1.4 there.`);
    }
    output.write('verbose', `Found borg ${borgVersion ?? '(none)'} on ${distribution ?? os}, ${arch}`);
    if (pull) await preparePull(context);
    const { recordPreparation: prepared } = clientCommands;
    const report = { uuid, version: borgVersion ?? '', ready: borgVersion !== undefined };
    await parts.rpc.call(prepared.subject, report, { schema: prepared.output });
    return NOTHING_TO_TELL;
  } finally {
    await side.session.close();
  }
};
