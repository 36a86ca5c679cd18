import { isSupportedBorg, probeHost } from '@cyborgbackup/borg';
import { clientChanged, clientCommands, clientPrepared, clientRegistered } from '@cyborgbackup/contracts';
import type { KeylessDeps } from '@cyborgbackup/service';
import type { BackupEndpoint } from '../../endpoints/borg-endpoint.ts';
import { callService } from '../../job/call-service.ts';
import type { JobContext } from '../../job/job-context.ts';
import { clientOf } from '../../job/job-plan.ts';
import { refuseUnsupportedBorg } from '../prepare/prepare-client.ts';

const PROBE_MILLIS = 30_000;

/** What the log has as the version of borg on a client; empty when nobody has looked. */
const recordedVersion = async ({ store }: KeylessDeps, client: string): Promise<string> => {
  let version = '';
  for await (const { type, data } of store.readStream(`client-${client}`)) {
    if (type === clientRegistered.type) version = clientRegistered.schema.parse(data).version;
    if (type === clientChanged.type) version = clientChanged.schema.parse(data).version ?? version;
    if (type === clientPrepared.type) version = clientPrepared.schema.parse(data).version;
  }
  return version;
};

/**
 * Looks which borg will make the archive, since a host is prepared once and its packages change. Another version than the client's
 * record has is told, and recorded; a client whose version is not supported has to be prepared again. Where there is no borg at
 * all, or none that says its version, the backup fails with the reason that borg's start gives.
 * @throws JobFailure for a version that is not supported
 */
export const noticeBorgVersion = async (context: JobContext, { runner, host }: BackupEndpoint): Promise<void> => {
  const { deps, plan, output, signal } = context;
  const { borgVersion } = await probeHost(runner, { signal, timeoutMillis: PROBE_MILLIS });
  if (borgVersion === undefined) return;
  if (host === 'client') {
    const { uuid, hostname } = clientOf(plan);
    const recorded = await recordedVersion(deps, uuid);
    if (recorded !== '' && recorded !== borgVersion) {
      output.write('system_warning', `Borg on ${hostname} is ${borgVersion} now; it was ${recorded} before.`);
      const report = { uuid, version: borgVersion, ready: isSupportedBorg(borgVersion) };
      await callService(deps, clientCommands.recordPreparation, report);
    }
  }
  refuseUnsupportedBorg(borgVersion, runner.where);
};
