export * from './borg-runner.ts';
export { checkCommand, type CheckOptions } from './commands/check.ts';
export type { CommonOptions } from './commands/common.ts';
export { compactCommand, type CompactOptions } from './commands/compact.ts';
export { createCommand, type CreateOptions, type DumpSource } from './commands/create.ts';
export { deleteCommand, type DeleteOptions } from './commands/delete.ts';
export { extractCommand, type ExtractOptions } from './commands/extract.ts';
export { escapeGlob } from './commands/glob.ts';
export { infoCommand, type InfoOptions } from './commands/info.ts';
export { initCommand, type InitOptions } from './commands/init.ts';
export {
  listArchivesCommand,
  type ListArchivesOptions,
  listEntriesCommand,
  type ListEntriesOptions,
  listFilesCommand,
  type ListFilesOptions,
} from './commands/list.ts';
export type { AgentDestination, AgentIdentity } from './agent-dialogue.ts';
export { authorizedKeysLine, type AuthorizedKeysLine } from './authorized-keys-line.ts';
export { createCheckFindings, type CheckFindings } from './parse/check-findings.ts';
export { exportTarCommand, type ExportTarOptions } from './commands/export-tar.ts';
export { keyExportCommand, type KeyExportOptions } from './commands/key-export.ts';
export { createForwardedAgent, type ForwardableAgent } from './forwarded-agent.ts';
export { type LocalAgent, startLocalAgent } from './local-agent.ts';
export { dumpOverSsh, type DumpTarget } from './dump-over-ssh.ts';
export { type FedScript, runFedScript } from './fed-script.ts';
export { fingerprintOf } from './fingerprint.ts';
export { type HostKey, type HostKeyPins, knownHostsLine } from './host-key.ts';
export { localRunner } from './local-runner.ts';
export { quote, quoteArgv } from './quote.ts';
export { type BorgCommand, buildBorgCommand } from './remote-borg.ts';
export {
  archiveLocation,
  checkArchiveName,
  parseRepositoryLocation,
  type RepositoryLocation,
  repositoryPathOnHost,
  toBorgUrl,
} from './commands/repository-location.ts';
export { isSshError, SshError, type SshFailure } from './ssh-error.ts';
export type { ExecOptions, ExecResult } from './ssh-exec.ts';
export { generateKeyPair, keyFingerprint, type KeyPair, type KeyPairOptions, publicKeyOf } from './ssh-key.ts';
export { sshRunner, type SshRunnerOptions } from './ssh-runner.ts';
export { connectSsh, type SshOptions, type SshSession } from './ssh-session.ts';
export { MOUNT_LOST, type SshMount } from './ssh-mount.ts';
export type { ChunkSink } from './stream-io.ts';
export { execPlain, type PlainOptions, type PlainResult } from './exec-plain.ts';
export { type Outcome, outcomeOf } from './exit-codes.ts';
export { explainFailure, type Failure, type FailureFacts, type FailureKind } from './explain-failure.ts';
export {
  type ArchiveInfo,
  type ArchiveList,
  type CreateResult,
  parseArchiveInfo,
  parseArchiveList,
  parseCreateResult,
  parseRepositoryInfo,
  type RepositoryInfo,
} from './parse/json-results.ts';
export type { Line } from './parse/line-splitter.ts';
export { type ArchiveEntry, createListParser, type ListParser, parseListLine } from './parse/list-line.ts';
export type {
  ArchiveProgress,
  BorgOutput,
  FileStatus,
  LogLevel,
  LogMessage,
  OperationProgress,
  Progress,
} from './parse/log-line.ts';
export { isSupportedBorg, parseBorgVersion } from './parse/version.ts';
export { type HostFacts, probeHost } from './probe-host.ts';
export { type BorgResult, runBorg, type RunBorgOptions } from './run-borg.ts';
