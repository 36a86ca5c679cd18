import { isSupportedBorg, probeHost, sshRunner } from '@cyborgbackup/borg';
import { clientCommands } from '@cyborgbackup/contracts';
import { connectClient } from '../connect/connections.ts';
import { JobFailure } from '../job/job-failure.ts';
import { clientOf } from '../job/job-plan.ts';
import { NOTHING_TO_TELL, type JobResult } from '../job/job-result.ts';
import { connectionsOf, type JobContext } from './job-context.ts';

const PROBE_MILLIS = 30_000;

/** Looks whether a client can be backed up: we can log in, and borg is there in a version we know. Nothing is installed. */
export const prepareClient = async (context: JobContext): Promise<JobResult> => {
  const { parts, plan, output, signal } = context;
  const { uuid, hostname, port } = clientOf(plan);
  output.write('verbose', `Connecting to ${hostname}:${port}`);
  const session = await connectClient(connectionsOf(context), { hostname, port });
  try {
    const facts = await probeHost(sshRunner(session), { signal, timeoutMillis: PROBE_MILLIS });
    const system = facts.distribution ?? facts.os;
    if (facts.borgVersion === undefined) {
      throw new JobFailure(
        `Borg is not installed on ${hostname} (${system}). Install it there, for example with "apt install borgbackup", and launch again.`,
      );
    }
    if (!isSupportedBorg(facts.borgVersion)) {
      throw new JobFailure(`Borg ${facts.borgVersion} on ${hostname} is not supported: install 1.2 or 1.4 there.`);
    }
    output.write('verbose', `Found borg ${facts.borgVersion} on ${system}, ${facts.arch}`);
    const { prepared } = clientCommands;
    const report = { uuid, version: facts.borgVersion, ready: true };
    await parts.rpc.call(prepared.subject, report, { schema: prepared.output });
    return NOTHING_TO_TELL;
  } finally {
    await session.close();
  }
};
