import { foldEvents } from '@cyborgbackup/projections';
import { expect, test } from 'vitest';
import { recorded, sealed, secondOf } from '../testing/recorded.ts';
import { settings, sshKeys } from './table.ts';

const changed = (version: number, key: string, value: string) =>
  recorded(version, { type: 'setting-changed', data: { key, value } });
const keyGenerated = (version: number, type: string) =>
  recorded(version, {
    type: 'ssh-key-generated',
    data: { key_type: type, public_key: `ssh ${type}`, private_key: sealed(type) },
  });

test('keeps one row of a setting, however often it changes', () => {
  const rows = foldEvents(settings, [
    changed(1, 'cyborgbackup_mail_port', '25'),
    changed(2, 'cyborgbackup_mail_port', '587'),
  ]);
  expect(rows).toEqual([
    {
      id: 15,
      key: 'cyborgbackup_mail_port',
      value: '587',
      secret: null,
      setting_type: 'integer',
      group_name: '3 - Mail',
      sort_order: 6,
      created: secondOf(1),
      modified: secondOf(2),
    },
  ]);
});

test('shows no value of a secret setting', () => {
  const secret = recorded(1, {
    type: 'secret-setting-changed',
    data: { key: 'cyborgbackup_mail_password', value: sealed('1') },
  });
  expect(foldEvents(settings, [secret])).toMatchObject([{ id: 14, value: null, secret: sealed('1') }]);
});

test('ignores a setting that this version does not know', () => {
  expect(foldEvents(settings, [changed(1, 'cyborgbackup_gone', 'x')])).toEqual([]);
});

test('keeps the key pair in one row, and as a secret setting', () => {
  const events = [keyGenerated(1, 'ed25519'), keyGenerated(2, 'rsa')];
  expect(foldEvents(sshKeys, events)).toEqual([
    {
      name: 'control-plane',
      key_type: 'rsa',
      public_key: 'ssh rsa',
      private_key: sealed('rsa'),
      created: secondOf(2),
    },
  ]);
  expect(foldEvents(settings, events)).toMatchObject([{ id: 10, value: null, secret: sealed('rsa') }]);
});
