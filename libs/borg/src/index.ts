export {
  parseRepositoryLocation,
  type RepositoryLocation,
  repositoryPathOnHost,
  toBorgUrl,
} from './commands/repository-location.ts';
export { checkHostName, withoutBrackets } from './commands/host-name.ts';
export type { AgentIdentity } from './agent/dialogue.ts';
export { createForwardedAgent } from './agent/forwarded-agent.ts';
export { startLocalAgent } from './agent/local-agent.ts';
export {
  deleteCommand,
  exportTarCommand,
  extractCommand,
  listArchivesCommand,
  listEntriesCommand,
} from './commands/archives.ts';
export { createCommand, type CreateCommandOptions } from './commands/create.ts';
export { dumpOverSsh } from './commands/dump-over-ssh.ts';
export { escapeGlob } from './commands/options.ts';
export {
  checkCommand,
  type CheckCommandOptions,
  compactCommand,
  infoCommand,
  initCommand,
  keyExportCommand,
} from './commands/repository.ts';
export { explainFailure, MOUNT_LOST } from './explain/explain-failure.ts';
export type { BorgFailureKind } from './explain/failure-rules.ts';
export { type CheckFindings, createCheckFindings } from './parse/check-findings.ts';
export {
  type ArchiveInfo,
  parseArchiveInfo,
  parseArchiveList,
  parseCreateResult,
  parseRepositoryInfo,
  type RepositoryInfo,
} from './parse/json-results.ts';
export { createEntryGate, createLastOnly, type GatedEntry } from './parse/entry-gate.ts';
export { BorgOutputError } from './parse/output-error.ts';
export { createLineSplitter } from './parse/line-splitter.ts';
export { type ArchiveEntry, createListParser } from './parse/list-parser.ts';
export { isRemoteText, type ArchiveProgress, type BorgLogMessage, type BorgProgress } from './parse/log-line.ts';
export type { BorgRunner } from './runner/borg-runner.ts';
export { probeConfinement, type Confinement } from './runner/confine.ts';
export { TERM_TO_KILL_MILLIS } from './runner/graceful-stop.ts';
export { ORPHAN_MILLIS } from './runner/supervisor.ts';
export { runCommand, type RunCommandOptions, type CommandOutput } from './runner/run-command.ts';
export { localRunner } from './runner/local-runner.ts';
export { type HostDescription, isSupportedBorg, probeHost } from './runner/probe-host.ts';
export { type BorgResult, runBorg, type RunBorgOptions } from './runner/run-borg.ts';
export { runStreamingScript, sshRunner } from './runner/ssh-runner.ts';
export { quote } from './shell/quote.ts';
export { readScript } from './shell/script.ts';
export { changeAuthorizedKeys } from './ssh/authorized-keys-file.ts';
export { authorizedKeysLine, type AuthorizedKeysOptions } from './ssh/authorized-keys-line.ts';
export { isSshError, SshError, type SshErrorKind } from './ssh/error.ts';
export { type HostKey, type HostKeyPins, knownHostsLine } from './ssh/host-key.ts';
export { parseKnownHostKey } from './ssh/known-host-key.ts';
export { generateKeyPair, type SshKeyPair, type SshKeyPairOptions, publicKeyOf } from './ssh/key.ts';
export { connectSsh, type ForwardableAgent, type SshSession } from './ssh/session.ts';
