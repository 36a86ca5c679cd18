import { readScript } from '@cyborgbackup/borg';
import {
  parsePolicyVariables,
  policyVariables,
  POLICY_TYPES,
  type PlannedJob,
  type PolicyType,
  type RunRequested,
  type VirtualMachine,
} from '@cyborgbackup/contracts';
import { hasCode, messageOf } from '@cyborgbackup/kernel';
import { JobFailure } from '../../../job/job-failure.ts';
import { vmProviderOf } from '../../machines/vm-providers.ts';
import {
  fileSource,
  MAIL_FOLDERS,
  ROOTFS_EXCLUDES,
  type ArchiveOptions,
  type BackupSource,
  type DumpSource,
  type FileSource,
} from './backup-source.ts';
import { accessOf, type Databases } from './database-access.ts';
import { mysqlDump } from './mysql-dump.ts';
import { postgresqlDump } from './postgresql-dump.ts';

/** What decides what a job backs up. */
export interface SourceRequest {
  readonly policy: Pick<NonNullable<RunRequested['policy']>, 'policy_type' | 'vmprovider'>;
  /** JSON text of the policy's `extra_vars`. */
  readonly variables: string;
  readonly client: Pick<NonNullable<PlannedJob['client']>, 'id' | 'hostname' | 'bandwidth_limit'>;
  readonly machine: VirtualMachine | undefined;
}

interface ArchiveVariables {
  readonly compression?: string | undefined;
  readonly upload_ratelimit?: number | undefined;
  readonly checkpoint_interval?: number | undefined;
}

/** The smaller of both limits; 0 and null are none. */
const rateLimit = (policy: number | undefined, client: number | null): number | undefined => {
  const limits = [policy, client].filter((limit) => typeof limit === 'number' && limit > 0);
  return limits.length === 0 ? undefined : Math.min(...limits.map(Number));
};

const archiveOptions = (variables: ArchiveVariables, { client }: SourceRequest): ArchiveOptions => ({
  compression: variables.compression,
  uploadRateLimit: rateLimit(variables.upload_ratelimit, client.bandwidth_limit),
  checkpointIntervalSeconds: variables.checkpoint_interval,
});

const DUMP_COMMAND = readScript(new URL('./dump-command.sh', import.meta.url));

/** The output of a command, whose own standard input is empty. It is not an argument, which process lists and the archive show. */
const pipedDump = (command: string): DumpSource => ({
  kind: 'dump',
  name: 'stdin',
  argv: ['sh', '-c', DUMP_COMMAND],
  input: command,
  secrets: [command],
});

/** @throws JobFailure for a job that names no machine, and for an unknown provider */
const machineDump = ({ policy, machine, client }: SourceRequest): DumpSource => {
  const provider = vmProviderOf(policy);
  if (!machine) {
    throw new JobFailure(`This job names no machine of ${client.hostname}: launch the policy again.`, {
      status: 'error',
    });
  }
  return { kind: 'dump', name: provider.fileName(machine), argv: provider.dump(machine) };
};

const source = (
  content: FileSource | DumpSource,
  variables: ArchiveVariables,
  request: SourceRequest,
): BackupSource => ({ content, archive: archiveOptions(variables, request) });

/** Clients of the API may name a single database in `database` instead of `databases`. */
const databasesOf = (variables: {
  database?: string | undefined;
  databases?: string | string[] | undefined;
}): Databases => variables.databases ?? variables.database;

const SOURCES: Readonly<Record<PolicyType, (request: SourceRequest) => BackupSource>> = {
  rootfs: (request) => {
    const { extended_rootfs, ...all } = parsePolicyVariables(policyVariables.rootfs, request.variables);
    const chosen = { ...all, ...extended_rootfs?.[request.client.id] };
    return source(fileSource(['/'], chosen, { exclude: ROOTFS_EXCLUDES }), chosen, request);
  },
  config: (request) => {
    const { extended_config, ...all } = parsePolicyVariables(policyVariables.config, request.variables);
    const chosen = { ...all, ...extended_config?.[request.client.id] };
    return source(fileSource(['/etc'], chosen), chosen, request);
  },
  mail: (request) => {
    const { extended_mail, ...all } = parsePolicyVariables(policyVariables.mail, request.variables);
    const chosen = { ...all, ...extended_mail?.[request.client.id] };
    return source(fileSource(MAIL_FOLDERS, chosen, { needs: 'one' }), chosen, request);
  },
  folders: (request) => {
    const { extended_folders, ...all } = parsePolicyVariables(policyVariables.folders, request.variables);
    const chosen = { ...all, ...extended_folders?.[request.client.id] };
    return source(fileSource(chosen.folders ?? all.folders, chosen), chosen, request);
  },
  mysql: (request) => {
    const { extended_mysql, ...all } = parsePolicyVariables(policyVariables.mysql, request.variables);
    const own = extended_mysql?.[request.client.id];
    return source(mysqlDump(accessOf(all, own), (own ?? all).databases), all, request);
  },
  postgresql: (request) => {
    const { extended_postgresql, ...all } = parsePolicyVariables(policyVariables.postgresql, request.variables);
    const own = extended_postgresql?.[request.client.id];
    return source(postgresqlDump(accessOf(all, own), databasesOf(own ?? all)), all, request);
  },
  piped: (request) => {
    const { extended_piped, ...all } = parsePolicyVariables(policyVariables.piped, request.variables);
    return source(pipedDump(extended_piped?.[request.client.id]?.command ?? all.command), all, request);
  },
  vm: (request) => source(machineDump(request), parsePolicyVariables(policyVariables.vm, request.variables), request),
  proxmox: (request) =>
    source(machineDump(request), parsePolicyVariables(policyVariables.proxmox, request.variables), request),
};

const isPolicyType = (name: string): name is PolicyType => Object.hasOwn(POLICY_TYPES, name);

/**
 * What a backup job of a policy puts into its archive.
 * @throws JobFailure for variables that its type cannot work with
 */
export const sourceOf = (request: SourceRequest): BackupSource => {
  const { policy_type } = request.policy;
  if (!isPolicyType(policy_type)) throw new JobFailure(`Policies of the type ${policy_type} are not known.`);
  try {
    return SOURCES[policy_type](request);
  } catch (error) {
    if (!hasCode(error, 'validation')) throw error;
    throw new JobFailure(`The policy's extra_vars cannot be used: ${messageOf(error)} Correct them.`);
  }
};
