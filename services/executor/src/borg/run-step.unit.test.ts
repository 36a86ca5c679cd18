import { MOUNT_LOST, type BorgResult } from '@cyborgbackup/borg';
import { expect, it } from 'vitest';
import { failureOf } from './run-step.ts';

const result = (more: Partial<BorgResult>): BorgResult => ({
  outcome: 'error',
  exitCode: 2,
  messages: [],
  stdout: '',
  ...more,
});
const said = (message: string, msgid = ''): Partial<BorgResult> => ({
  messages: [{ type: 'log_message', level: 'error', msgid, message, logger: 'borg.archiver' }],
});

it.each<[string, Partial<BorgResult>, boolean]>([
  ["a client's files that went away in the middle", { exitCode: MOUNT_LOST }, true],
  [
    'a client that cannot be reached',
    said('ssh to the client: ssh: connect to host web port 22: Connection refused'),
    true,
  ],
  ['a client that does not let us in', said('ssh to the client: root@web: Permission denied (publickey).'), false],
  ['a repository host that is gone', said('Connection closed by remote host', 'ConnectionClosedWithHint'), true],
  ['a wrong passphrase', said('passphrase supplied is incorrect', 'PassphraseWrong'), false],
])('knows whether another try may help after %s', (_name, more, transport) => {
  expect(failureOf(result(more), 'here').facts.transport).toBe(transport);
});
