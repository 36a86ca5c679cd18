import { generateKeyPair } from '@cyborgbackup/borg';
import { expect, test } from 'vitest';
import { sealed } from '../testing/recorded.ts';
import type { Repository } from './decider.ts';
import { printedLine } from './printed-line.ts';

const { publicKey } = await generateKeyPair({ type: 'ed25519', comment: 'cyborgbackup-repository-4' });
const repository: Repository = {
  uuid: '5f0c8a52-0000-4000-8000-000000000001',
  id: 4,
  isRemoved: false,
  fields: {
    ...{ name: 'Main', path: "borg@nas:/srv/o'repo", repository_key: sealed('1'), ready: true, enabled: true },
    ...{ check_schedule: null, integrity_schedule: null, remote_path: 'borg' },
  },
  ...{ borgId: '', encryption: '', ownKey: false, privateKey: undefined, escrow: undefined },
  publicKey,
};

test('prints a line for authorized_keys that opens this repository and nothing else', () => {
  const line = printedLine(repository, { appendOnly: true, storageQuota: '500G' });
  expect(line).toMatch(
    /^command="borg serve --restrict-to-repository .*o.*repo.* --append-only --storage-quota 500G",/,
  );
  expect(line).toContain(`,restrict ${publicKey}`);
});

test('prints no line for a repository without a key or without a host', () => {
  expect(() => printedLine({ ...repository, publicKey: '' }, {})).toThrow(
    expect.objectContaining({ code: 'conflict', message: expect.stringContaining('generate_ssh') }),
  );
  const local = { ...repository, fields: { ...repository.fields, path: '/srv/repo' } };
  expect(() => printedLine(local, {})).toThrow(expect.objectContaining({ code: 'conflict' }));
});

test('prints a line with the program that serves the repository', () => {
  const named = { ...repository, fields: { ...repository.fields, remote_path: 'borg-1.4' } };
  expect(printedLine(named, {})).toMatch(/^command="borg-1\.4 serve --restrict-to-repository /);
});
