export type BorgFailureKind =
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

/**
 * Messages that match have this cause. A host says what it likes, so no pattern may try a part without a bound at every place:
 * explain-failure.unit.test.ts.
 * In an explanation `{line}` stands for the first line of the message.
 */
export type MessageRule = readonly [kind: BorgFailureKind, pattern: RegExp, explanation: string];

/** What the configuration of ssh on a host, its account's own or the system's, can spoil and we cannot overrule. */
const SSH_CONFIGURATION: readonly [pattern: RegExp, explanation: string][] = [
  [
    /Unable to negotiate with|no matching [a-zA-Z ]{1,40} found/,
    'The two hosts have no method in common ({line}). Look at HostKeyAlgorithms, KexAlgorithms and Ciphers in the ssh_config of the host where borg runs, and in the sshd_config of the other one.',
  ],
  [
    /Bad owner or permissions on|config:? line \d+: /,
    'The configuration of ssh on the host where borg runs cannot be used ({line}). Correct that file.',
  ],
];
const configurationRules = (kind: BorgFailureKind): MessageRule[] =>
  SSH_CONFIGURATION.map(([pattern, explanation]) => [kind, pattern, explanation]);

const KEY_ALONE = /Permission denied \((?![^)]{0,200}publickey)[^)]{0,200}\)/;
const NO_SESSION = /open failed: |Session request denied/;

const NO_BORG = 'Borg is not installed on this host, or not in its PATH. Install borgbackup 1.2 or 1.4.';

/** What ssh says on its way to a client whose files or dumps are read from elsewhere. */
export const CLIENT_SSH_RULES: readonly MessageRule[] = [
  ...configurationRules('client-unreachable'),
  [
    'client-auth',
    KEY_ALONE,
    'The client lets nobody in with a key alone ({line}): exempt its account from a second factor, with "AuthenticationMethods publickey" in its sshd_config.',
  ],
  [
    'client-auth',
    NO_SESSION,
    'The client lets the host where borg runs in and opens no session ({line}). Look at MaxSessions and ForceCommand in its sshd_config.',
  ],
  [
    'client-auth',
    /Permission denied|Host key verification failed|HOST IDENTIFICATION HAS CHANGED|host key is known|Too many auth|signing failed/,
    'The host where borg runs cannot log in to the client ({line}). Does the client accept our key, and is it the host it was?',
  ],
  [
    'client-unreachable',
    /ssh: connect to host|Could not resolve hostname|Connection (timed out|refused|reset|closed)|Timeout, server \S+ not responding|kex_exchange_identification|Broken pipe/,
    'The client cannot be reached from where borg runs ({line}). Check its name, port and firewall.',
  ],
];

/** What ssh says on its way to the repository host, or what borg passes on from there. */
export const REPOSITORY_SSH_RULES: readonly MessageRule[] = [
  ...configurationRules('repository-unreachable'),
  [
    'repository-host-key',
    /REMOTE HOST IDENTIFICATION HAS CHANGED|Host key verification failed|No \S+ host key is known/,
    'The repository host shows another host key than the one on record. If it was reinstalled, forget its key and try again; otherwise somebody may be in between.',
  ],
  [
    'repository-auth',
    KEY_ALONE,
    'The repository host lets nobody in with a key alone ({line}): exempt its account from a second factor, with "AuthenticationMethods publickey" in its sshd_config.',
  ],
  [
    'repository-auth',
    /Permission denied \(/,
    "The repository host does not accept the repository's own key: prepare the repository again (set its field ready to false, and launch), which adds it to authorized_keys or prints its line.",
  ],
  [
    'repository-unreachable',
    /ssh: connect to host|Could not resolve hostname|Connection (timed out|refused|reset)|Timeout, server \S+ not responding|kex_exchange_identification/,
    'The repository host cannot be reached from where borg runs ({line}). Check its name, port and firewall.',
  ],
  [
    'repository-auth',
    NO_SESSION,
    'The repository host lets us in and opens no session ({line}). Look at MaxSessions and ForceCommand in its sshd_config.',
  ],
];

/** What the repository's host says on standard error when no borg answers: its shell, or what starts instead of borg. */
export const REMOTE_RULES: readonly MessageRule[] = [
  [
    'no-borg',
    /^(?!.*setlocale).*(not found|No such file or directory|Unknown command|cannot execute)/i,
    'The repository host cannot start borg ({line}). Install it there, or correct the remote_path of the repository.',
  ],
  [
    'no-borg',
    /^Fatal Python error|^Python path configuration/,
    'Python cannot start borg on the repository host ({line}). Start-up files of its account may set PYTHONHOME or PYTHONPATH: unset these there.',
  ],
];

export const BORG_RULES: readonly MessageRule[] = [
  [
    'no-space',
    /No space left on device|Errno 28|Disk quota exceeded/,
    'The disk is full. Free space in the repository (prune, then compact) or in the cache folder of the host that runs borg.',
  ],
  ['no-borg', /borg: (command )?not found|exec: "?borg/, NO_BORG],
];

const WRONG_PASSPHRASE = "The repository's passphrase is wrong. Correct it in the repository's settings.";
const CLOSED = 'The repository host closed the connection. Is borg installed there, and may the account run it?';

/** The repository's host closed the connection, after it had said something. */
export const CLOSED_SAYING =
  'The repository host closed the connection; it said "{line}". Is borg installed there, and may the account run it?';
/** Borg's names of a connection that the repository's host closed. */
export const CLOSED_IDS = new Set(['ConnectionClosed', 'ConnectionClosedWithHint']);
const NOT_OURS =
  'The repository there is not encrypted in the way that ours is, so nothing was written to it: somebody may have put another one in its place. Look at its host; to use it as it is, register it as a new repository.';

/** Borg's own names of errors. */
export const MSGID_RULES: Readonly<Record<string, readonly [kind: BorgFailureKind, explanation: string]>> = {
  PassphraseWrong: ['passphrase', WRONG_PASSPHRASE],
  NoPassphraseFailure: [
    'passphrase',
    "The repository is encrypted and no passphrase is set. Enter it in the repository's settings.",
  ],
  PasswordRetriesExceeded: ['passphrase', WRONG_PASSPHRASE],
  'Repository.DoesNotExist': ['no-repository', '{line} Initialise the repository, or correct its path.'],
  'Repository.ParentPathDoesNotExist': ['no-repository', '{line} Create the folder, or correct the path.'],
  'Repository.InvalidRepository': ['bad-repository', '{line} The folder is not a borg repository; is the path right?'],
  'Repository.InvalidRepositoryConfig': ['bad-repository', "{line} Restore the repository's config file."],
  'Cache.CacheInitAbortedError': ['bad-repository', NOT_OURS],
  'Cache.EncryptionMethodMismatch': ['bad-repository', NOT_OURS],
  'Repository.AlreadyExists': ['repository-exists', '{line} Use it as it is, or choose another path.'],
  'Repository.PathAlreadyExists': ['repository-exists', '{line} Choose an empty path.'],
  'Repository.CheckNeeded': [
    'damaged',
    'The repository is inconsistent. Run a check, and a repair if it asks for one.',
  ],
  'Repository.InsufficientFreeSpaceError': ['no-space', "{line} Free space on the repository's disk."],
  'Repository.StorageQuotaExceeded': ['no-space', '{line} Delete archives and compact, or raise the quota.'],
  'Archive.AlreadyExists': [
    'archive-exists',
    '{line}. Nothing was changed; run the job again under a new archive name.',
  ],
  'Archive.DoesNotExist': ['no-archive', '{line}. It may have been pruned; refresh the catalog.'],
  LockTimeout: [
    'locked',
    'The repository is in use by another borg: {line} Wait for it to end; if none runs, remove the lock with "borg break-lock".',
  ],
  LockFailed: ['locked', 'The repository cannot be locked: {line} May the account write there?'],
  LockError: ['locked', 'The repository cannot be locked: {line}'],
  PathNotAllowed: [
    'repository-auth',
    '{line}. The repository host restricts our key to another path: prepare the repository again (set its field ready to false, and launch), or correct its authorized_keys.',
  ],
  KeyfileNotFoundError: [
    'other',
    "{line} Borg runs on the executor: copy the key's file to that folder there from a host that has it.",
  ],
  IntegrityError: ['damaged', '{line}. The repository is damaged; run a check.'],
  UnexpectedRPCDataFormatFromServer: [
    'no-borg',
    'The repository host answered "{answer}" instead of borg. Its account may have no shell, its key a forced command that is not borg serve, or its start-up files (.bashrc, .cshrc) print something: they must print nothing.',
  ],
  InvalidRPCMethod: [
    'other',
    'Borg on the repository host does not know what this borg asks for ({line}). Install the same version on both, or name another one as the remote_path of the repository.',
  ],
  ConnectionClosed: ['repository-unreachable', CLOSED],
  ConnectionClosedWithHint: ['repository-unreachable', CLOSED],
};

/** Exit codes of borg 1.4 that tell more than 2, for runs whose messages were lost. */
export const MSGID_BY_EXIT_CODE: Readonly<Record<number, string>> = {
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

/** Exit statuses of our own scripts (reader.sh, supervise.sh, borg.sh), then those of the shell. */
export const SCRIPT_STATUSES: Readonly<Record<number, readonly [kind: BorgFailureKind, explanation: string]>> = {
  121: ['other', 'The connection broke before the command had arrived. Try again.'],
  122: [
    'other',
    'The shell of this host has no built-in printf, so secrets cannot be passed safely. Install dash or bash as sh.',
  ],
  123: ['no-space', 'No temporary folder could be made in /tmp on this host. Is the disk full or read-only?'],
  124: ['no-directory', 'The folder to work in does not exist on this host, or borg could not be confined to it.'],
  126: ['no-borg', 'Borg cannot be executed on this host. Check its permissions and that it fits the processor.'],
  127: ['no-borg', NO_BORG],
};
