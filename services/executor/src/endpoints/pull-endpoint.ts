import { dumpOverSsh } from '@cyborgbackup/borg';
import { messageOf } from '@cyborgbackup/kernel';
import { JobStopped } from '../job/job-failure.ts';
import { endLeftoverProcesses } from './end-leftovers.ts';
import type { BackupEndpoint, BackupTarget, FileAccess, FileOptions } from './backup-endpoint.ts';
import { findOtherFileSystems, normalPath, refuseLinks } from './mounted-files.ts';
import { openClientSession, type ClientSession } from './client-session.ts';
import type { ConnectionOptions } from './connection-options.ts';
import { knownHost } from './known-hosts.ts';
import { JOB_MARKER } from './job-processes.ts';
import { openRepositoryEndpoint } from './repository-endpoint.ts';

/** A root that a pattern file names, as in `R /srv`. */
const ROOT_LINE = /^[Rr]\s*(?<path>\/.*)$/s;

const inMount = (path: string): string => (path === '/' ? '.' : path.slice(1));

/** Files through the mount: stored with the client's paths, its numeric owners, and known again by time and size. */
const filesOf =
  (side: ClientSession, { client }: BackupTarget, signal: AbortSignal): BackupEndpoint['files'] =>
  async (paths, { oneFileSystem, patterns = [] }: FileOptions): Promise<FileAccess> => {
    const roots = patterns.flatMap((line) => ROOT_LINE.exec(line)?.groups?.['path'] ?? []);
    const sources = [...paths, ...roots].map(normalPath);
    await refuseLinks(side, sources, signal);
    const mounted = sources.map(inMount);
    return {
      create: {
        source: { paths: mounted },
        exclude: oneFileSystem ? await findOtherFileSystems(side, sources, signal) : [],
        patterns: patterns.filter((line) => !ROOT_LINE.test(line)),
        oneFileSystem: false,
        numericIds: true,
        filesCache: 'mtime,size',
      },
      run: {
        sources: mounted,
        mount: {
          user: side.session.user,
          host: client.hostname,
          port: client.port,
          name: client.uuid,
          sftpServer: side.sudo && side.sftpServer !== undefined ? `sudo -n ${side.sftpServer}` : undefined,
        },
      },
    };
  };

/** A stopping executor has not much longer. */
const PROVE_MILLIS = 4_000;

/**
 * Ends what a dump left running on the client: no connection of borg's own ends it, as the leash does in push mode. The
 * outcome of the job must not be lost by this, so trouble is only told. Whoever has taken the job over may have a dump running
 * there, and will end what it finds.
 */
const endDump = async ({ job, prove, warn }: ConnectionOptions, side: ClientSession): Promise<void> => {
  if (job === undefined) return;
  try {
    await prove?.(AbortSignal.timeout(PROVE_MILLIS));
    await endLeftoverProcesses(side.runner, job);
  } catch (error) {
    if (error instanceof JobStopped) return;
    warn?.(`What the dump started on ${side.session.host} may still run there: ${messageOf(error)}`);
  }
};

/**
 * Pull: borg runs beside the repository, or on this host, and logs in to the client with the control plane's key, lent for
 * that host and account alone. What a dump left running on the client is ended with the place.
 * @throws SshError, JobFailure
 */
export const openPullEndpoint = async (options: ConnectionOptions, target: BackupTarget): Promise<BackupEndpoint> => {
  const { client, repository } = target;
  const side = await openClientSession(options, client);
  const closeClient = (): Promise<void> => side.session.close();
  try {
    const { user, host, port } = side.session;
    const { privateKey } = side.login;
    const { lines, keys } = await knownHost(options, { user, host, port }, privateKey);
    const place = await openRepositoryEndpoint(options, repository, {
      identity: { privateKey, destination: { user, hostKeys: keys } },
      knownHosts: lines,
    });
    let dumped = false;
    const { job } = options;
    return {
      ...place,
      // Other clients' backups to the same repository would push this client's files out of a shared cache.
      env: { ...place.env, BORG_FILES_CACHE_SUFFIX: client.uuid },
      pull: true,
      client: side.runner,
      files: filesOf(side, target, options.signal),
      dump: (argv) => {
        dumped = true;
        const env = job === undefined ? {} : { [JOB_MARKER]: job };
        return dumpOverSsh({ user, host, port, sudo: side.sudo, env }, argv);
      },
      [Symbol.asyncDispose]: async () => {
        await place[Symbol.asyncDispose]();
        if (dumped) await endDump(options, side);
        await closeClient();
      },
    };
  } catch (error) {
    await closeClient();
    throw error;
  }
};
