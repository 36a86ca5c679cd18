import { isRemoteText, type BorgLogMessage } from '../parse/log-line.ts';
import { ownEntry } from '../parse/fields.ts';
import {
  BORG_RULES,
  CLOSED_IDS,
  CLOSED_SAYING,
  CLIENT_SSH_RULES,
  type BorgFailureKind,
  type MessageRule,
  MSGID_BY_EXIT_CODE,
  MSGID_RULES,
  REMOTE_RULES,
  REPOSITORY_SSH_RULES,
  SCRIPT_STATUSES,
} from './failure-rules.ts';

/** Exit status of ssh-mount.sh when the mount could not be made, and when it broke; ssh-mount.int.test.ts holds them equal. */
export const MOUNT_FAILED = 120;
export const MOUNT_LOST = 125;

/** What borg.sh puts before each line that ssh said; explain-failure.int.test.ts and ssh-mount.int.test.ts hold them equal. */
const REPOSITORY_SSH_PREFIX = 'ssh to the repository host: ';
const CLIENT_SSH_PREFIX = 'ssh to the client: ';

export interface BorgFailure {
  readonly kind: BorgFailureKind;
  /** One sentence, or two: the cause, and what to do. */
  readonly message: string;
}

/** The end of a borg command; a `BorgResult` is one. */
export interface FailedRun {
  readonly exitCode: number | null;
  readonly signal?: string | undefined;
  readonly messages: readonly BorgLogMessage[];
}

const EXCEPTION = /^\S+(?:Error|Exception): .*$/gm;

/** Lines of a message, the first of which ends what it begins with a colon. */
const joined = (lines: readonly string[]): string => {
  const [first = '', second = ''] = lines.map((line) => line.trim()).filter((line) => line !== '');
  return first.endsWith(':') && second !== '' ? `${first} ${second}` : first;
};

const isTraceback = (text: string): boolean => text.includes('Traceback (most recent');

/** The exception of a crash: what follows the indented lines. */
const exceptionIn = (text: string): string =>
  text.match(EXCEPTION)?.at(-1) ??
  text.split('\n').find((line) => /^\S/.test(line) && !isTraceback(line)) ??
  'an exception without a name';

/** What borg said in one line: of a crash the exception, else the first line without the prefix of the repository's side. */
const firstLine = (message: string): string => {
  const text = message.replace(/^Remote: /, '');
  const line = isTraceback(text) ? exceptionIn(text) : joined(text.split('\n'));
  return line.slice(0, 300).replace(/[\s:]+$/, '');
};

/** What follows a message's first line, in one line. */
const answerIn = (message: string): string => {
  const text = message.slice(message.indexOf('\n') + 1).trim();
  return (isTraceback(text) ? exceptionIn(text) : text).replaceAll(/\s+/g, ' ').slice(0, 200);
};

const failureOf = (kind: BorgFailureKind, explanation: string, message: string): BorgFailure => ({
  kind,
  message: explanation
    .replace('{line}', () => firstLine(message) || 'it does not say more')
    .replace('{answer}', () => answerIn(message)),
});

const byRules = (rules: readonly MessageRule[], messages: readonly string[]): BorgFailure | undefined => {
  for (const [kind, pattern, explanation] of rules) {
    const found = messages.find((message) => pattern.test(firstLine(message)) || pattern.test(message));
    if (found !== undefined) return failureOf(kind, explanation, found);
  }
  return undefined;
};

const withPrefix = (prefix: string, messages: readonly BorgLogMessage[]): readonly string[] =>
  messages.flatMap(({ message }) => (message.startsWith(prefix) ? [message.slice(prefix.length)] : []));

/** What borg itself says; other lines may be a dump's, which has connections and disks of its own. */
const ofBorg = (messages: readonly BorgLogMessage[]): readonly string[] =>
  messages.filter((one) => one.logger !== '' && !isRemoteText(one)).map(({ message }) => message);

/** What borg passes on of the other host: a banner, start-up files, a shell. */
const remoteTexts = (messages: readonly BorgLogMessage[]): readonly string[] =>
  messages.filter(isRemoteText).map(({ message }) => message);

const DUMP_FAILED = /^(Command Error: )?(Command .* exited with status|Failed to execute command)/;

const isOfDump = ({ logger, message }: BorgLogMessage): boolean =>
  logger === '' &&
  message.trim() !== '' &&
  ![CLIENT_SSH_PREFIX, REPOSITORY_SSH_PREFIX].some((prefix) => message.startsWith(prefix));

/** Borg says that the command failed; the reason is in the command's own words. */
const byDump = (messages: readonly BorgLogMessage[]): BorgFailure | undefined => {
  const failed = ofBorg(messages).find((message) => DUMP_FAILED.test(message));
  if (failed === undefined) return undefined;
  const last = messages.findLast(isOfDump);
  const words = last ? ` It said: ${firstLine(last.message)}` : '';
  return {
    kind: 'dump',
    message: `The command to back up failed, so no archive was kept: ${firstLine(failed)}.${words}`,
  };
};

/** A lost connection to the client also fails a dump from there, so it comes first. */
const byMessages = (messages: readonly BorgLogMessage[]): BorgFailure | undefined =>
  byRules(CLIENT_SSH_RULES, withPrefix(CLIENT_SSH_PREFIX, messages)) ??
  byDump(messages) ??
  byRules(REPOSITORY_SSH_RULES, withPrefix(REPOSITORY_SSH_PREFIX, messages)) ??
  byRules(BORG_RULES, ofBorg(messages));

/** No borg answered on the repository's host: what it said instead tells why. */
const byRemoteTexts = (messages: readonly BorgLogMessage[]): BorgFailure | undefined => {
  if (!messages.some(({ msgid }) => CLOSED_IDS.has(msgid))) return undefined;
  const texts = remoteTexts(messages);
  const last = texts.at(-1);
  const said = last === undefined ? undefined : failureOf('repository-unreachable', CLOSED_SAYING, last);
  return byRules([...REPOSITORY_SSH_RULES, ...REMOTE_RULES], texts) ?? said;
};

/** Failures of the mount, known by the script's status: what borg then says of vanished files is only their consequence. */
const byMount = ({ exitCode, messages }: FailedRun): BorgFailure | undefined => {
  if (exitCode === MOUNT_LOST) {
    return {
      kind: 'client-unreachable',
      message:
        'The connection from where borg runs to the client broke during the backup; what was stored is not whole.',
    };
  }
  if (exitCode !== MOUNT_FAILED || messages.some(({ message }) => message.startsWith(CLIENT_SSH_PREFIX)))
    return undefined;
  const reason = firstLine(messages.at(-1)?.message ?? 'it does not say why').replace(/^cyborgbackup: /, '');
  return {
    kind: 'mount',
    message: `The client's files cannot be mounted where borg runs: ${reason}. Pull mode needs sshfs and /dev/fuse there.`,
  };
};

const byMsgid = (messages: readonly BorgLogMessage[]): BorgFailure | undefined => {
  for (const { msgid, message } of messages.toReversed()) {
    // What the repository's side raised comes without the class around it.
    const rule = ownEntry(MSGID_RULES, msgid) ?? ownEntry(MSGID_RULES, `Repository.${msgid}`);
    if (rule) return failureOf(...rule, message);
  }
  return undefined;
};

const byExitCode = ({ exitCode }: FailedRun): BorgFailure | undefined => {
  const rule = SCRIPT_STATUSES[exitCode ?? -1] ?? MSGID_RULES[MSGID_BY_EXIT_CODE[exitCode ?? -1] ?? ''];
  return rule && failureOf(...rule, 'Borg reported it by its exit status.');
};

const bySignal = ({ exitCode, signal }: FailedRun): BorgFailure | undefined => {
  const killer = signal ?? (exitCode !== null && exitCode > 128 ? `signal ${exitCode - 128}` : undefined);
  if (killer === undefined) return undefined;
  const question = 'Was it out of memory, or did somebody stop it?';
  return { kind: 'killed', message: `Borg was ended by ${killer} on its host. ${question}` };
};

const unexplained = ({ exitCode, messages }: FailedRun): BorgFailure => {
  const crash = messages.findLast(({ message }) => isTraceback(message));
  if (crash) {
    return {
      kind: 'other',
      message: `Borg crashed (${firstLine(crash.message)}). That is a fault of borg or of what answers it: its last words are in the output of the job.`,
    };
  }
  const telling = messages.filter(({ message }) => firstLine(message) !== '');
  const own = telling.filter((one) => !isRemoteText(one));
  const last = own.findLast(({ level }) => level === 'error' || level === 'critical') ?? own.at(-1) ?? telling.at(-1);
  const reason = last ? `: ${firstLine(last.message)}` : ' without saying why';
  return { kind: 'other', message: `Borg failed with status ${exitCode ?? 'unknown'}${reason}` };
};

/** Why a borg command failed, in a sentence, from its messages and exit status. Specific causes come before general ones. */
export const explainFailure = (run: FailedRun): BorgFailure =>
  byMount(run) ??
  byMessages(run.messages) ??
  byRemoteTexts(run.messages) ??
  byMsgid(run.messages) ??
  byExitCode(run) ??
  bySignal(run) ??
  unexplained(run);
