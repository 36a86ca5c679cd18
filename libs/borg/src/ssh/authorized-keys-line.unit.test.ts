import { execFileSync } from 'node:child_process';
import fc from 'fast-check';
import { beforeAll, expect, test } from 'vitest';
import { authorizedKeysLine } from './authorized-keys-line.ts';
import { generateKeyPair } from './key.ts';

let publicKey: string;
beforeAll(async () => {
  ({ publicKey } = await generateKeyPair({ type: 'ed25519', comment: 'somebody at home' }));
});

/** The command in a line, unquoted as sshd does it (`opt_dequote`), and what follows the option. */
const readAsSshd = (line: string): { command: string; rest: string } => {
  const start = 'command="';
  expect(line.startsWith(start)).toBe(true);
  let command = '';
  let at = start.length;
  for (; line[at] !== '"'; at += 1) {
    if (line[at] === '\\' && line[at + 1] === '"') at += 1;
    command += line[at] ?? '';
    if (at > line.length) throw new Error('the quotes do not end');
  }
  return { command, rest: line.slice(at + 1) };
};

/** The words that the account's shell makes of a command. */
const words = (command: string): string[] =>
  execFileSync('sh', ['-c', `printf '%s\\0' ${command}`], { encoding: 'utf8' })
    .split('\0')
    .slice(0, -1);

test('the authorized_keys line restricts the key to borg serve on one repository', () => {
  const [type, base64] = publicKey.split(' ');
  expect(
    authorizedKeysLine({
      publicKey,
      path: 'borg@nas:backups/main',
      repositoryId: 7,
      appendOnly: true,
      storageQuota: '1.5T',
    }),
  ).toBe(
    `command="borg serve --restrict-to-repository backups/main --append-only --storage-quota 1.5T",restrict ${type} ${base64} cyborgbackup-repository-7`,
  );
});

test('sshd and the shell hand any repository path to borg unchanged', () => {
  const path = fc
    .string({
      unit: fc.constantFrom('a', ' ', '"', "'", '\\', '$', '`', '(', ')', '&', ';', '#', 'ü', '*', ','),
      minLength: 1,
    })
    .map((text) => `/x${text}`);
  fc.assert(
    fc.property(path, (place) => {
      const line = authorizedKeysLine({ publicKey, path: `ssh://borg@nas${place}`, repositoryId: 1 });
      expect(line).not.toContain('\n');
      const { command, rest } = readAsSshd(line);
      expect(words(command)).toEqual(['borg', 'serve', '--restrict-to-repository', place]);
      expect(rest).toMatch(/^,restrict ssh-ed25519 [A-Za-z0-9+/=]+ cyborgbackup-repository-1$/);
    }),
    { numRuns: 60 },
  );
});

test.each(['', '9M', '10', 'ten', '10 G', '-1G', '1g', '5X', '10M --x', "10M'"])(
  'a storage quota of "%s" is refused',
  (quota) => {
    const make = (): string =>
      authorizedKeysLine({ publicKey, path: '/srv/repo', storageQuota: quota, repositoryId: 1 });
    expect(make).toThrow(
      expect.objectContaining({ code: 'validation', fields: { storage_quota: [expect.any(String)] } }),
    );
  },
);

test.each(['', 'ssh-ed25519', 'ssh-rsa AAAA', 'x\ny', 'command="id" ssh-ed25519 AAAA'])(
  '"%s" is refused as a public key',
  (key) => {
    expect(() => authorizedKeysLine({ publicKey: key, path: '/srv/repo', repositoryId: 1 })).toThrow(
      expect.objectContaining({ code: 'validation' }),
    );
  },
);

test('an authorized_keys line for a path that is no repository location is refused', () => {
  expect(() => authorizedKeysLine({ publicKey, path: 'nas', repositoryId: 1 })).toThrow(/not a repository location/);
});
