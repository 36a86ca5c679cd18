import type { LogMessage } from '../parse/log-line.ts';
import { MOUNT_FAILED, MOUNT_LOST } from '../runner/ssh-mount.ts';
import { CLIENT_SSH_PREFIX, REPOSITORY_SSH_PREFIX } from '../runner/ssh-setup.ts';

export type FailureKind =
  | 'passphrase'
  | 'no-repository'
  | 'bad-repository'
  | 'repository-exists'
  | 'locked'
  | 'archive-exists'
  | 'no-archive'
  | 'repository-auth'
  | 'repository-host-key'
  | 'repository-unreachable'
  | 'no-space'
  | 'no-borg'
  | 'no-directory'
  | 'dump'
  | 'killed'
  | 'damaged'
  | 'client-auth'
  | 'client-unreachable'
  | 'mount'
  | 'other';

export interface Failure {
  readonly kind: FailureKind;
  /** One sentence, or two: what is wrong and what to do. */
  readonly message: string;
}

export interface FailureFacts {
  readonly exitCode: number | null;
  readonly signal?: string | undefined;
  readonly messages: readonly LogMessage[];
}

const EXCEPTION = /^\S+(?:Error|Exception): .*$/gm;

/** What borg said in one line: of a crash the exception, else the first line without the prefix of the repository's side. */
const firstLine = (message: string): string => {
  const exception = message.startsWith('Traceback') ? message.match(EXCEPTION)?.at(-1) : undefined;
  return (exception ?? message.replace(/^Remote: /, '').split('\n')[0] ?? '').slice(0, 300);
};

type Rule = readonly [FailureKind, RegExp, string | ((said: string) => string)];

/** What ssh and the system say, most telling first. They come before borg's own "connection closed", which only follows. */
const UNREACHABLE =
  /ssh: connect to host|Could not resolve hostname|Connection (timed out|refused|reset|closed)|Timeout, server .* not responding|kex_exchange_identification|Broken pipe/;

/** What ssh says on its way to a client whose files or dumps are read from elsewhere. */
const SAID_OF_CLIENT: readonly Rule[] = [
  [
    'client-auth',
    /Permission denied|Host key verification failed|HOST IDENTIFICATION HAS CHANGED|host key is known|Too many auth|signing failed/,
    (said) =>
      `The host where borg runs cannot log in to the client (${said}). Does the client accept our key, and is it the host it was?`,
  ],
  [
    'client-unreachable',
    UNREACHABLE,
    (said) => `The client cannot be reached from where borg runs (${said}). Check its name, port and firewall.`,
  ],
];

/** What ssh says on its way to the repository host, or what borg passes on from there. */
const SAID_OF_REPOSITORY: readonly Rule[] = [
  [
    'repository-host-key',
    /REMOTE HOST IDENTIFICATION HAS CHANGED|Host key verification failed|No \S+ host key is known/,
    'The repository host shows another host key than the one on record. If it was reinstalled, forget its key and try again; otherwise somebody may be in between.',
  ],
  [
    'repository-auth',
    /Permission denied \(/,
    "The repository host does not accept our key. Is the public half in the authorized_keys of the repository's account?",
  ],
  [
    'repository-unreachable',
    /ssh: connect to host|Could not resolve hostname|Connection (timed out|refused|reset)|Timeout, server .* not responding|kex_exchange_identification/,
    (said) =>
      `The repository host cannot be reached from where borg runs (${said}). Check its name, port and firewall.`,
  ],
];

const SAID_BY_BORG: readonly Rule[] = [
  [
    'no-space',
    /No space left on device|Errno 28|Disk quota exceeded/,
    'The disk is full. Free space in the repository (prune, then compact) or in the cache folder of the host that runs borg.',
  ],
  [
    'no-borg',
    /borg: (command )?not found|exec: "?borg/,
    'Borg is not installed on this host, or not in its PATH. Install borgbackup 1.2 or 1.4.',
  ],
];

/** Borg's own names of errors. */
const BY_MSGID: Readonly<Record<string, readonly [FailureKind, string | ((said: string) => string)]>> = {
  PassphraseWrong: ['passphrase', "The repository's passphrase is wrong. Correct it in the repository's settings."],
  NoPassphraseFailure: [
    'passphrase',
    "The repository is encrypted and no passphrase is set. Enter it in the repository's settings.",
  ],
  PasswordRetriesExceeded: [
    'passphrase',
    "The repository's passphrase is wrong. Correct it in the repository's settings.",
  ],
  'Repository.DoesNotExist': ['no-repository', (said) => `${said} Initialise the repository, or correct its path.`],
  'Repository.ParentPathDoesNotExist': ['no-repository', (said) => `${said} Create the folder, or correct the path.`],
  'Repository.InvalidRepository': [
    'bad-repository',
    (said) => `${said} The folder is not a borg repository; is the path right?`,
  ],
  'Repository.InvalidRepositoryConfig': ['bad-repository', (said) => `${said} Restore the repository's config file.`],
  'Repository.AlreadyExists': ['repository-exists', (said) => `${said} Use it as it is, or choose another path.`],
  'Repository.PathAlreadyExists': ['repository-exists', (said) => `${said} Choose an empty path.`],
  'Repository.CheckNeeded': [
    'damaged',
    'The repository is inconsistent. Run a check, and a repair if it asks for one.',
  ],
  'Repository.InsufficientFreeSpaceError': ['no-space', (said) => `${said} Free space on the repository's disk.`],
  'Repository.StorageQuotaExceeded': ['no-space', (said) => `${said} Delete archives and compact, or raise the quota.`],
  'Archive.AlreadyExists': [
    'archive-exists',
    (said) => `${said}. Nothing was changed; run the job again under a new archive name.`,
  ],
  'Archive.DoesNotExist': ['no-archive', (said) => `${said}. It may have been pruned; refresh the catalog.`],
  LockTimeout: [
    'locked',
    (said) =>
      `The repository is in use by another borg: ${said} Wait for it to end; if none runs, remove the lock with "borg break-lock".`,
  ],
  LockFailed: ['locked', (said) => `The repository cannot be locked: ${said} May the account write there?`],
  LockError: ['locked', (said) => `The repository cannot be locked: ${said}`],
  PathNotAllowed: [
    'repository-auth',
    (said) => `${said}. The repository host restricts our key to other paths; correct its authorized_keys.`,
  ],
  IntegrityError: ['damaged', (said) => `${said}. The repository is damaged; run a check.`],
  ConnectionClosed: [
    'repository-unreachable',
    'The repository host closed the connection. Is borg installed there, and may the account run it?',
  ],
  ConnectionClosedWithHint: [
    'repository-unreachable',
    'The repository host closed the connection. Is borg installed there, and may the account run it?',
  ],
};

/** Exit codes of borg 1.4 that tell more than 2, for runs whose messages were lost. */
const BY_CODE: Readonly<Record<number, string>> = {
  10: 'Repository.AlreadyExists',
  13: 'Repository.DoesNotExist',
  15: 'Repository.InvalidRepository',
  30: 'Archive.AlreadyExists',
  31: 'Archive.DoesNotExist',
  50: 'NoPassphraseFailure',
  52: 'PassphraseWrong',
  73: 'LockTimeout',
  80: 'ConnectionClosed',
  81: 'ConnectionClosedWithHint',
};

const OWN_CODES: Readonly<Record<number, Failure>> = {
  121: { kind: 'other', message: 'The connection broke before the command had arrived. Try again.' },
  122: {
    kind: 'other',
    message:
      'The shell of this host has no built-in printf, so secrets cannot be passed safely. Install dash or bash as sh.',
  },
  123: {
    kind: 'no-space',
    message: 'No temporary folder could be made in /tmp on this host. Is the disk full or read-only?',
  },
  124: { kind: 'no-directory', message: 'The folder to work in does not exist on this host.' },
  126: {
    kind: 'no-borg',
    message: 'Borg cannot be executed on this host. Check its permissions and that it fits the processor.',
  },
  127: {
    kind: 'no-borg',
    message: 'Borg is not installed on this host, or not in its PATH. Install borgbackup 1.2 or 1.4.',
  },
};

const say = (text: string | ((said: string) => string), said: string): string =>
  typeof text === 'string' ? text : text(said);

const byRules = (rules: readonly Rule[], said: readonly string[]): Failure | undefined => {
  for (const [kind, pattern, text] of rules) {
    const found = said.find((message) => pattern.test(firstLine(message)) || pattern.test(message));
    if (found !== undefined) return { kind, message: say(text, firstLine(found)) };
  }
  return undefined;
};

const after = (prefix: string, messages: readonly LogMessage[]): readonly string[] =>
  messages.flatMap(({ message }) => (message.startsWith(prefix) ? [message.slice(prefix.length)] : []));

/** What borg itself says; other lines may be a dump's, which has connections and disks of its own. */
const byBorg = (messages: readonly LogMessage[]): readonly string[] =>
  messages.filter(({ logger }) => logger !== '').map(({ message }) => message);

const DUMP_FAILED = /^(Command Error: )?(Command .* exited with status|Failed to execute command)/;

const isOfDump = ({ logger, message }: LogMessage): boolean =>
  logger === '' &&
  message.trim() !== '' &&
  ![CLIENT_SSH_PREFIX, REPOSITORY_SSH_PREFIX].some((prefix) => message.startsWith(prefix));

/** Borg says that the command failed, and the command knows better why. */
const byDump = (messages: readonly LogMessage[]): Failure | undefined => {
  const failed = byBorg(messages).find((message) => DUMP_FAILED.test(message));
  if (failed === undefined) return undefined;
  const last = messages.findLast(isOfDump);
  const words = last ? ` It said: ${last.message.trim().slice(0, 300)}` : '';
  return {
    kind: 'dump',
    message: `The command to back up failed, so no archive was kept: ${firstLine(failed)}.${words}`,
  };
};

/** A dump that comes from the client fails too when its connection does, but the other way round nothing follows. */
const bySaying = (messages: readonly LogMessage[]): Failure | undefined =>
  byRules(SAID_OF_CLIENT, after(CLIENT_SSH_PREFIX, messages)) ??
  byDump(messages) ??
  byRules(SAID_OF_REPOSITORY, [
    ...after(REPOSITORY_SSH_PREFIX, messages),
    ...byBorg(messages).filter((message) => message.startsWith('Remote: ')),
  ]) ??
  byRules(SAID_BY_BORG, byBorg(messages));

/** The mount tells by the script's status; what borg says of files that went away does not matter then. */
const byMount = ({ exitCode, messages }: FailureFacts): Failure | undefined => {
  if (exitCode === MOUNT_LOST) {
    return {
      kind: 'client-unreachable',
      message:
        'The connection from where borg runs to the client broke during the backup; what was stored is not whole.',
    };
  }
  if (exitCode !== MOUNT_FAILED || messages.some(({ message }) => message.startsWith(CLIENT_SSH_PREFIX)))
    return undefined;
  const said = firstLine(messages.at(-1)?.message ?? 'it does not say why').replace(/^cyborgbackup: /, '');
  return {
    kind: 'mount',
    message: `The client's files cannot be mounted where borg runs: ${said}. Pull mode needs sshfs and /dev/fuse there.`,
  };
};

const byMsgid = (messages: readonly LogMessage[]): Failure | undefined => {
  for (const { msgid, message } of messages.toReversed()) {
    // What the repository's side raised comes without the class around it.
    const rule = BY_MSGID[msgid] ?? BY_MSGID[`Repository.${msgid}`];
    if (rule) return { kind: rule[0], message: say(rule[1], firstLine(message)) };
  }
  return undefined;
};

const signalOf = ({ exitCode, signal }: FailureFacts): string | undefined =>
  signal ?? (exitCode !== null && exitCode > 128 ? `signal ${exitCode - 128}` : undefined);

const fallback = (facts: FailureFacts): Failure => {
  const last =
    facts.messages.findLast(({ level }) => level === 'error' || level === 'critical') ?? facts.messages.at(-1);
  const said = last ? `: ${firstLine(last.message)}` : ' without saying why';
  return { kind: 'other', message: `Borg failed with status ${facts.exitCode ?? 'unknown'}${said}` };
};

/** Why a borg command failed, in a sentence, from its messages and exit status. Specific causes come before general ones. */
export const explainFailure = (facts: FailureFacts): Failure => {
  const specific = byMount(facts) ?? bySaying(facts.messages) ?? byMsgid(facts.messages);
  if (specific) return specific;
  const own = facts.exitCode === null ? undefined : OWN_CODES[facts.exitCode];
  if (own) return own;
  const coded = BY_MSGID[BY_CODE[facts.exitCode ?? -1] ?? ''];
  if (coded) return { kind: coded[0], message: say(coded[1], 'Borg reported it by its exit status.') };
  const signal = signalOf(facts);
  if (signal)
    return {
      kind: 'killed',
      message: `Borg was ended by ${signal} on its host. Was it out of memory, or did somebody stop it?`,
    };
  return fallback(facts);
};
