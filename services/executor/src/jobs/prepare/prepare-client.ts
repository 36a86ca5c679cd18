import { isSupportedBorg, probeHost, type HostDescription } from '@cyborgbackup/borg';
import { clientChanged, clientCommands, clientPrepared, clientRegistered } from '@cyborgbackup/contracts';
import type { KeylessDeps } from '@cyborgbackup/service';
import { openJobClient, type ClientSession } from '../../endpoints/client-session.ts';
import { openPullEndpoint } from '../../endpoints/pull-endpoint.ts';
import { callService } from '../../job/call-service.ts';
import type { JobContext } from '../../job/job-context.ts';
import { JobFailure } from '../../job/job-failure.ts';
import { clientOf } from '../../job/job-plan.ts';
import { EMPTY_RESULT, type JobResult } from '../../job/job-result.ts';
import { ensurePrograms } from './ensure-programs.ts';
import { prepareEndpoint } from './prepare-endpoint.ts';

const PROBE_MILLIS = 30_000;

/** Limitations of a client that do not prevent its backups. */
const limitationsOf = ({ isRoot, login }: ClientSession): readonly string[] =>
  isRoot
    ? []
    : [`${login.user} is not root there and has no sudo without password: files that it cannot read will be missing.`];

/** Whether a user has marked the client for an upgrade of borg. */
const isMarkedForUpdate = async ({ store }: KeylessDeps, client: string): Promise<boolean> => {
  let isMarked = false;
  for await (const { type, data } of store.readStream(`client-${client}`)) {
    if (type === clientRegistered.type) isMarked = clientRegistered.schema.parse(data).mark_as_to_update;
    if (type === clientChanged.type) isMarked = clientChanged.schema.parse(data).mark_as_to_update ?? isMarked;
    if (type === clientPrepared.type) isMarked = false;
  }
  return isMarked;
};

/** @throws JobFailure for a version of borg that we do not speak to */
export const refuseUnsupportedBorg = (version: string, where: string): void => {
  if (isSupportedBorg(version)) return;
  throw new JobFailure(`Borg ${version} on ${where} is not supported: install 1.2 or 1.4 there.`);
};

/** Push mode needs borg on the client; in pull mode it is optional, for restores that run there. @throws JobFailure */
const ensureBorg = async (
  context: JobContext,
  { runner, isRoot }: ClientSession,
  pull: boolean,
): Promise<HostDescription> => {
  if (!pull) {
    const { uuid, hostname } = clientOf(context.plan);
    const upgrade = (await isMarkedForUpdate(context.deps, uuid)) ? (['borg'] as const) : [];
    await ensurePrograms(context, { runner, isRoot, name: hostname, programs: ['borg', 'ssh'], upgrade });
  }
  return probeHost(runner, { signal: context.signal, timeoutMillis: PROBE_MILLIS });
};

/** Prepares the host where borg runs and mounts the client. @throws JobFailure */
const preparePull = async (context: JobContext): Promise<void> => {
  const { plan, output } = context;
  const { repository } = plan.run;
  if (!repository) return;
  const target = { client: clientOf(plan), repository, pull: true };
  await using endpoint = await openPullEndpoint(context, target);
  const name = await prepareEndpoint(context, endpoint, { pull: true });
  output.write('verbose', `Borg will run on ${name}`);
};

/**
 * Makes a client ready over SSH alone: we can log in, and borg is there in a supported version, installed from the
 * distribution's packages where the settings allow it.
 */
export const prepareClient = async (context: JobContext): Promise<JobResult> => {
  const { deps, plan, output } = context;
  const { uuid, hostname } = clientOf(plan);
  const pull = plan.run.policy?.mode_pull ?? false;
  await using session = await openJobClient(context);
  for (const limitation of limitationsOf(session)) output.write('system_warning', limitation);
  const { borgVersion, distribution, os, arch } = await ensureBorg(context, session, pull);
  if (borgVersion !== undefined) refuseUnsupportedBorg(borgVersion, hostname);
  output.write('verbose', `Found borg ${borgVersion ?? '(none)'} on ${distribution ?? os}, ${arch}`);
  if (pull) await preparePull(context);
  const report = { uuid, version: borgVersion ?? '', ready: borgVersion !== undefined };
  await callService(deps, clientCommands.recordPreparation, report);
  return EMPTY_RESULT;
};
