import { expect, test } from 'vitest';
import { changeAuthorizedKeys } from './authorized-keys-file.ts';

const KEY = 'ssh-ed25519 AAAAC3Nza';
const SERVE = `borg serve --restrict-to-repository '/srv/my \\"x\\", repo'`;
const LINE = `command="${SERVE}",restrict ${KEY} cyborgbackup-repository-3`;
const OTHER = 'ssh-ed25519 AAAAOther somebody';

const change = (...lines: string[]) => changeAuthorizedKeys(lines.join('\n'), LINE);

test.each([
  ['an empty file', ''],
  ['a file without the key', OTHER],
  ['a key that only begins like it', `ssh-ed25519 AAAAC3NzaX ${KEY}`],
  ['a comment that quotes the line', `# ${LINE}`],
])('the line is added to %s', (_name, line) => {
  expect(change(line)).toEqual({ remove: [], add: true });
});

test.each([
  ['the line itself', LINE],
  ['with another comment', `command="${SERVE}",restrict ${KEY}`],
  ['with blanks in front and a carriage return', `\t${LINE}\r`],
  ['append-only', `command="${SERVE} --append-only",restrict ${KEY}`],
  ['with a quota', `restrict,command="${SERVE} --append-only --storage-quota 1.5T" ${KEY} x`],
  ['from some addresses', `from="10.0.0.0/8,::1",COMMAND="${SERVE}",Restrict,no-pty ${KEY}`],
])('a line as strict stays: %s', (_name, line) => {
  expect(change(OTHER, line, OTHER)).toEqual({ remove: [], add: false });
});

test.each([
  ['no options', KEY],
  ['no restrict', `command="${SERVE}" ${KEY}`],
  ['no command', `restrict ${KEY}`],
  ['another repository', `command="borg serve --restrict-to-repository /srv/other",restrict ${KEY}`],
  ['a path that begins alike', `command="${SERVE.slice(0, -1)}2'",restrict ${KEY}`],
  ['a folder', `command="${SERVE.replace('-repository', '-path')}",restrict ${KEY}`],
  ['one more repository', `command="${SERVE} --restrict-to-repository /srv",restrict ${KEY}`],
  ['another command after it', `command="${SERVE}; sh",restrict ${KEY}`],
  ['two commands', `command="sh",command="${SERVE}",restrict ${KEY}`],
  ['port forwarding again', `command="${SERVE}",restrict,port-forwarding ${KEY}`],
  ['an environment', `environment="PATH=/tmp",command="${SERVE}",restrict ${KEY}`],
])('a line that allows more is replaced: %s', (_name, line) => {
  expect(change(OTHER, line, OTHER, '')).toEqual({ remove: [2], add: true });
  expect(change(line, LINE)).toEqual({ remove: [1], add: false });
});
