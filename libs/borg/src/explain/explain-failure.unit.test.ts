import fc from 'fast-check';
import { expect, test } from 'vitest';
import { outcomeOf } from './outcome.ts';
import { explainFailure, type FailedRun } from './explain-failure.ts';
import { BORG_RULES, CLIENT_SSH_RULES, MSGID_RULES, REMOTE_RULES, REPOSITORY_SSH_RULES } from './failure-rules.ts';
import type { BorgLogMessage } from '../parse/log-line.ts';

const said = (message: string, more: Partial<BorgLogMessage> = {}): BorgLogMessage => ({
  type: 'log_message',
  level: 'warning',
  msgid: '',
  logger: 'borg.archiver',
  message,
  ...more,
});

const remote = (text: string): BorgLogMessage => said(`Remote: ${text}`, { logger: 'root' });
const closed = said('Connection closed by remote host. Is borg working on the server?', {
  level: 'error',
  msgid: 'ConnectionClosedWithHint',
});
const answered = (text: string): BorgLogMessage =>
  said(`Got unexpected RPC data format from server:\n${text}`, {
    level: 'error',
    msgid: 'UnexpectedRPCDataFormatFromServer',
  });

test.each([
  [0, 'success'],
  [1, 'warning'],
  [100, 'warning'],
  [107, 'warning'],
  [118, 'warning'],
  [119, 'error'],
  [2, 'error'],
  [13, 'error'],
  [99, 'error'],
  [121, 'error'],
  [127, 'error'],
  [137, 'error'],
  [null, 'error'],
])('exit status %s of borg is reported as %s', (exitCode, outcome) => {
  expect(outcomeOf({ exitCode }, [said('something')])).toBe(outcome);
});

test('exit status 1 without a message of borg is an error, not a warning', () => {
  expect(outcomeOf({ exitCode: 1 }, [])).toBe('error');
  expect(outcomeOf({ exitCode: 1 }, [said('ModuleNotFoundError: No module named x', { logger: '' })])).toBe('error');
});

test('a run that we stopped is reported as aborted or idle, whatever its exit status', () => {
  expect(outcomeOf({ exitCode: 0, stopped: 'aborted' }, [])).toBe('aborted');
  expect(outcomeOf({ exitCode: 143, stopped: 'idle' }, [])).toBe('idle');
});

test.each<[FailedRun, string, string]>([
  [{ exitCode: 137, messages: [] }, 'killed', 'signal 9'],
  [{ exitCode: null, signal: 'SIGSEGV', messages: [] }, 'killed', 'SIGSEGV'],
  [{ exitCode: 52, messages: [] }, 'passphrase', 'passphrase is wrong'],
  [{ exitCode: 13, messages: [] }, 'no-repository', 'Initialise the repository'],
  ...[
    'Unable to negotiate with 192.0.2.1 port 22: no matching host key type found. Their offer: ssh-ed25519',
    '/root/.ssh/config: line 3: missing argument.',
  ].map((line): [FailedRun, string, string] => [
    { exitCode: 2, messages: [said(`ssh to the repository host: ${line}`, { logger: '' })] },
    'repository-unreachable',
    line,
  ]),
  [{ exitCode: 127, messages: [said('sh: 1: exec: borg: not found', { logger: '' })] }, 'no-borg', 'not installed'],
  [
    { exitCode: 2, messages: [said("[Errno 28] No space left on device: '/srv/repo/data'")] },
    'no-space',
    'disk is full',
  ],
  ...[
    'pg_dump: error: connection to server at "db", port 5432 failed: Connection refused',
    'root@files: Permission denied (publickey).',
    'Host key verification failed.',
    'tar: /var/tmp/x: Cannot write: No space left on device',
    'sh: 1: borg: not found',
  ].map((line): [FailedRun, string, string] => [
    {
      exitCode: 2,
      messages: [
        said(line, { logger: '' }),
        said("Command 'sh' exited with status 1", { level: 'error' }),
        said('ssh to the repository host: Warning: the ECDSA host key differs from the key for the IP', { logger: '' }),
      ],
    },
    'dump',
    `exited with status 1. It said: ${line}`,
  ]),
  [
    {
      exitCode: 2,
      messages: [
        said('dump: db: Connection refused', { logger: '' }),
        said('Connection closed by remote host.', { level: 'error', msgid: 'ConnectionClosed' }),
        said('ssh to the repository host: Timeout, server store not responding.', { logger: '' }),
      ],
    },
    'repository-unreachable',
    'cannot be reached from where borg runs (Timeout, server store not responding.)',
  ],
  [
    {
      exitCode: 2,
      messages: [
        said('/mnt/nas/x: open: [Errno 111] Connection refused'),
        said('Failed to create/acquire the lock /srv/repo/lock (timeout).', { level: 'error', msgid: 'LockTimeout' }),
      ],
    },
    'locked',
    '/srv/repo/lock',
  ],
  [
    {
      exitCode: 2,
      messages: [
        closed,
        said('ssh to the repository host: root@store: Permission denied (publickey).', { logger: '' }),
      ],
    },
    'repository-auth',
    "does not accept the repository's own key",
  ],
  ...['keyboard-interactive', 'password', 'keyboard-interactive,hostbased'].map(
    (methods): [FailedRun, string, string] => [
      {
        exitCode: 2,
        messages: [
          said(`ssh to the repository host: root@store: Permission denied (${methods}).`, { logger: '' }),
          closed,
        ],
      },
      'repository-auth',
      'lets nobody in with a key alone',
    ],
  ),
  [
    {
      exitCode: 2,
      messages: [
        closed,
        said('ssh to the repository host: channel 0: open failed: connect failed: open failed', { logger: '' }),
      ],
    },
    'repository-auth',
    'opens no session (channel 0: open failed: connect failed: open failed). Look at MaxSessions',
  ],
  [
    { exitCode: 120, messages: [said('ssh to the client: a@web: Permission denied (password).', { logger: '' })] },
    'client-auth',
    'The client lets nobody in with a key alone',
  ],
  [
    { exitCode: 120, messages: [said('ssh to the client: channel 0: open failed: connect failed', { logger: '' })] },
    'client-auth',
    'opens no session',
  ],
  // A banner says what it likes, before every login.
  [
    {
      exitCode: 2,
      messages: [
        remote('Permission denied (publickey) to everybody else'),
        remote('No space left on device is what you will see here:'),
        said('Repository ssh://b@store/x does not exist.', { level: 'error', msgid: 'Repository.DoesNotExist' }),
      ],
    },
    'no-repository',
    'Repository ssh://b@store/x does not exist. Initialise',
  ],
  ...[
    'sh: 1: borg: not found',
    'borg: Command not found.',
    'fish: Unknown command: borg',
    'sh: /opt/borg: No such file or directory',
  ].map((line): [FailedRun, string, string] => [
    { exitCode: 2, messages: [remote('Welcome'), remote(line), closed] },
    'no-borg',
    `cannot start borg (${line})`,
  ]),
  [{ exitCode: 2, messages: [remote('Fatal Python error: init_fs_encoding'), closed] }, 'no-borg', 'PYTHONHOME'],
  [
    { exitCode: 2, messages: [remote('Your quota has been used up:'), closed] },
    'repository-unreachable',
    'closed the connection; it said "Your quota has been used up". Is borg',
  ],
  [{ exitCode: 2, messages: [closed] }, 'repository-unreachable', 'closed the connection. Is borg installed there'],
  [
    { exitCode: 2, messages: [answered('Welcome to store\nLast login: Mon')] },
    'no-borg',
    'answered "Welcome to store Last login: Mon" instead of borg',
  ],
  [{ exitCode: 2, messages: [answered('This account is currently not available.')] }, 'no-borg', 'may have no shell'],
  [
    {
      exitCode: 2,
      messages: [
        said('Failed to create/acquire the lock /srv/repo/lock.exclusive (timeout).', {
          msgid: 'LockTimeout',
          level: 'error',
        }),
      ],
    },
    'locked',
    '/srv/repo/lock.exclusive',
  ],
  [
    { exitCode: 2, messages: [said('Some error', { level: 'error' }), said('later warning')] },
    'other',
    'Borg failed with status 2: Some error',
  ],
  [
    {
      exitCode: 1,
      messages: [
        said('Traceback (most recent call last):\n  File "x"\nModuleNotFoundError: No module named x', { logger: '' }),
      ],
    },
    'other',
    'Borg crashed (ModuleNotFoundError: No module named x). That is',
  ],
  [{ exitCode: 2, messages: [] }, 'other', 'without saying why'],
])('explains a run that ended with %j', (facts, kind, text) => {
  const failure = explainFailure(facts);
  expect(failure.kind).toBe(kind);
  expect(failure.message).toContain(text);
  expect(failure.message).not.toMatch(/[:\s]$|Traceback|undefined|\{(line|answer)\}|\n/);
});

test('no explanation ends in a colon or holds a traceback, whatever borg and the hosts said', () => {
  const text = fc.oneof(
    fc.string({ unit: 'grapheme', maxLength: 20 }),
    fc.constantFrom(
      'what it is:',
      'x:\n',
      ':',
      '{line}',
      'Traceback (most recent call last):\n  File "x"\nKeyError: 1',
      '',
    ),
  );
  const words = fc.array(text, { maxLength: 4 }).map((parts) => parts.join('\n'));
  const message = fc
    .record({
      level: fc.constantFrom<BorgLogMessage['level'][]>('info', 'warning', 'error', 'critical'),
      msgid: fc.constantFrom('', 'Exception', ...Object.keys(MSGID_RULES)),
      logger: fc.constantFrom('', 'root', 'borg.archiver'),
      prefix: fc.constantFrom('', 'Remote: ', 'ssh to the repository host: ', 'ssh to the client: '),
      text: words,
    })
    .map(({ prefix, text: said_, ...more }) => said(`${prefix}${said_}`, more));
  const exitCode = fc.constantFrom(null, 1, 2, 13, 120, 121, 125, 127, 137, 255);
  fc.assert(
    fc.property(exitCode, fc.array(message, { maxLength: 5 }), (code, messages) => {
      const { message: sentence } = explainFailure({ exitCode: code, messages });
      expect(sentence).not.toMatch(/[:\s]$|^$|Traceback|\n/);
    }),
    { numRuns: 2_000 },
  );
});

test.each(['constructor', '__proto__'])('explains a failure that a host calls %s', (msgid) => {
  const failure = explainFailure({ exitCode: 2, messages: [said('made up', { level: 'error', msgid })] });
  expect(failure).toEqual({ kind: 'other', message: 'Borg failed with status 2: made up' });
});

/** How the alternatives of all patterns begin. */
const beginnings = [...CLIENT_SSH_RULES, ...REPOSITORY_SSH_RULES, ...REMOTE_RULES, ...BORG_RULES].flatMap(
  ([, { source }]) => source.split('|').map((alternative) => alternative.replace(/[\\^$.*+?()[\]{}].*$/, '')),
);

test.each(['', 'Remote: ', 'ssh to the client: '])(
  'takes no time over %s and what rules begin with, repeated',
  (prefix) => {
    const before = process.cpuUsage();
    for (const beginning of new Set(beginnings)) {
      const text = prefix + beginning.repeat(8_000 / (beginning.length || 8_000));
      explainFailure({ exitCode: 2, messages: Array<BorgLogMessage>(200).fill(said(text, { level: 'error' })) });
    }
    expect(process.cpuUsage(before).user / 1e6).toBeLessThan(2);
  },
);
