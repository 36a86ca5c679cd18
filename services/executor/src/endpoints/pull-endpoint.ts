import { dumpOverSsh } from '@cyborgbackup/borg';
import { messageOf } from '@cyborgbackup/kernel';
import { JobStopped } from '../job/job-failure.ts';
import type { BackupEndpoint, BackupTarget, FileAccess } from './borg-endpoint.ts';
import { openClientSession, type ClientSession } from './client-session.ts';
import type { ConnectionOptions } from '../job/job-context.ts';
import { endLeftoverProcesses, JOB_MARKER } from './job-processes.ts';
import { findOtherFileSystems, normalPath, refuseLinks } from './mounted-files.ts';
import { openRepositoryEndpoint } from './repository-endpoint.ts';
import { knownHost } from './ssh-session.ts';

/** A root that a pattern file names, as in `R /srv`. */
const ROOT_LINE = /^[Rr]\s*(?<path>\/.*)$/s;

const inMount = (path: string): string => (path === '/' ? '.' : path.slice(1));

/** Files through the mount: stored with the client's paths and numeric owners, and recognised by time and size. */
const filesOf =
  (session: ClientSession, { client }: BackupTarget, signal: AbortSignal): BackupEndpoint['files'] =>
  async (paths, { oneFileSystem, patterns = [] }): Promise<FileAccess> => {
    const roots = patterns.flatMap((line) => ROOT_LINE.exec(line)?.groups?.['path'] ?? []);
    const sources = [...paths, ...roots].map(normalPath);
    await refuseLinks(session, sources, signal);
    const mounted = sources.map(inMount);
    const { ssh, sudo, sftpServer } = session;
    return {
      create: {
        source: { paths: mounted },
        exclude: oneFileSystem ? await findOtherFileSystems(session, sources, signal) : [],
        patterns: patterns.filter((line) => !ROOT_LINE.test(line)),
        oneFileSystem: false,
        numericIds: true,
        filesCache: 'mtime,size',
      },
      run: {
        mount: {
          user: ssh.user,
          host: client.hostname,
          port: client.port,
          name: client.uuid,
          sftpServer: sudo && sftpServer !== undefined ? `sudo -n ${sftpServer}` : undefined,
        },
      },
    };
  };

/** Short, since the executor may be shutting down. */
const OWNERSHIP_MILLIS = 4_000;

/**
 * Ends what a dump left running on the client: no connection of borg's own does so, as the supervisor does in push mode. A
 * failure here is only a warning, since the outcome of the job must not be lost. An executor that has taken the job over may have
 * a dump running there, and ends what it finds.
 */
const endDump = async (options: ConnectionOptions, { runner, ssh }: ClientSession): Promise<void> => {
  const { job, assertOwnership, warn } = options;
  if (job === undefined) return;
  try {
    await assertOwnership?.(AbortSignal.timeout(OWNERSHIP_MILLIS));
    await endLeftoverProcesses(runner, job);
  } catch (error) {
    if (error instanceof JobStopped) return;
    warn?.(`What the dump started on ${ssh.host} may still run there: ${messageOf(error)}`);
  }
};

/**
 * Pull: borg runs on the repository's side and logs in to the client with the control plane's key, lent for that host and
 * account alone. Closing the endpoint ends what a dump left running on the client.
 * See docs/decisions/0015-pull-reads-through-a-mount.md.
 * @throws SshError, JobFailure
 */
export const openPullEndpoint = async (options: ConnectionOptions, target: BackupTarget): Promise<BackupEndpoint> => {
  const { client, repository } = target;
  const { job } = options;
  const session = await openClientSession(options, client);
  try {
    const { user, host, port } = session.ssh;
    const { privateKey } = session.login;
    const { lines, keys } = await knownHost(options, { user, host, port }, privateKey);
    const endpoint = await openRepositoryEndpoint(options, repository, {
      identity: { privateKey, destination: { user, hostKeys: keys } },
      knownHosts: lines,
    });
    let hasDumped = false;
    return {
      ...endpoint,
      // Other clients' backups to the same repository would push this client's files out of a shared cache.
      env: { ...endpoint.env, BORG_FILES_CACHE_SUFFIX: client.uuid },
      pull: true,
      client: session.runner,
      clockDifference: session.clockDifference,
      files: filesOf(session, target, options.signal),
      dump: (argv) => {
        hasDumped = true;
        const env = job === undefined ? {} : { [JOB_MARKER]: job };
        return dumpOverSsh({ user, host, port, sudo: session.sudo, env }, argv);
      },
      [Symbol.asyncDispose]: async () => {
        await endpoint[Symbol.asyncDispose]();
        if (hasDumped) await endDump(options, session);
        await session.ssh.close();
      },
    };
  } catch (error) {
    await session.ssh.close();
    throw error;
  }
};
