export {
  parseRepositoryLocation,
  type RepositoryLocation,
  repositoryPathOnHost,
  toBorgUrl,
} from './commands/repository-location.ts';
export type { AgentIdentity } from './agent/dialogue.ts';
export { createForwardedAgent } from './agent/forwarded-agent.ts';
export { startLocalAgent } from './agent/local-agent.ts';
export {
  deleteCommand,
  exportTarCommand,
  extractCommand,
  listArchivesCommand,
  listEntriesCommand,
  listFilesCommand,
} from './commands/archives.ts';
export { createCommand, type CreateOptions } from './commands/create.ts';
export { dumpOverSsh } from './commands/dump-over-ssh.ts';
export { escapeGlob } from './commands/options.ts';
export {
  checkCommand,
  type CheckOptions,
  compactCommand,
  infoCommand,
  initCommand,
  keyExportCommand,
} from './commands/repository.ts';
export { explainFailure, MOUNT_LOST } from './explain/explain-failure.ts';
export type { FailureKind } from './explain/failure-rules.ts';
export { type CheckFindings, createCheckFindings } from './parse/check-findings.ts';
export {
  type ArchiveInfo,
  parseArchiveInfo,
  parseArchiveList,
  parseCreateResult,
  parseRepositoryInfo,
  type RepositoryInfo,
} from './parse/json-results.ts';
export type { Line } from './parse/line-splitter.ts';
export { type ArchiveEntry, createListParser, parseListLine } from './parse/list-line.ts';
export type { ArchiveProgress, LogMessage, Progress } from './parse/log-line.ts';
export type { BorgRunner } from './runner/borg-runner.ts';
export { execPlain, type PlainOptions, type PlainResult } from './runner/exec-plain.ts';
export { localRunner } from './runner/local-runner.ts';
export { type HostFacts, isSupportedBorg, probeHost } from './runner/probe-host.ts';
export { type BorgResult, runBorg, type RunBorgOptions } from './runner/run-borg.ts';
export { runFedScript, sshRunner } from './runner/ssh-runner.ts';
export { quote } from './shell/quote.ts';
export { authorizedKeysLine, type AuthorizedKeysLine } from './ssh/authorized-keys-line.ts';
export { isSshError, SshError, type SshFailure } from './ssh/error.ts';
export { type HostKey, type HostKeyPins, knownHostsLine } from './ssh/host-key.ts';
export { generateKeyPair, type KeyPair, type KeyPairOptions, publicKeyOf } from './ssh/key.ts';
export { connectSsh, type ForwardableAgent, type SshSession } from './ssh/session.ts';
