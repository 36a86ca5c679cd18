import { SECRET_MASK, type SettingsEvent } from '@cyborgbackup/contracts';
import { describe, expect, test } from 'vitest';
import { sealed } from '../testing/recorded.ts';
import { given } from '../testing/specification.ts';
import { settingsDecider } from './decider.ts';

const change = (name: string, value: string, ...history: SettingsEvent[]) =>
  given(settingsDecider, ...history).when({ type: 'change', key: `cyborgbackup_${name}`, value });
const changed = (name: string, value: string): SettingsEvent => ({
  type: 'setting-changed',
  data: { key: `cyborgbackup_${name}`, value },
});

describe('a value', () => {
  test('records a value in the form of its type', () => {
    change('mail_system', 'false').then(changed('mail_system', 'False'));
    change('auto_restore_test', 'TRUE').then(changed('auto_restore_test', 'True'));
    change('mail_port', ' +587 ').then(changed('mail_port', '587'));
    change('url', 'https://backup.example.com').then(changed('url', 'https://backup.example.com'));
    change('ic_cron', '5 4 * * 0').then(changed('ic_cron', '5 4 * * 0'));
    change('mail_from', '').then(changed('mail_from', ''));
  });
  test('records no value that is in force already', () => {
    change('mail_port', '22').then();
    change('mail_system', 'true').then();
    change('mail_port', '25', changed('mail_port', '25')).then();
  });
  test('sets a value back to its default', () =>
    change('mail_port', '22', changed('mail_port', '25')).then(changed('mail_port', '22')));

  test.each([
    ['mail_system', 'yes'],
    ['mail_port', ''],
    ['mail_port', '2.5'],
    ['mail_port', '0'],
    ['mail_port', '65536'],
    ['job_cleaning', '-1'],
    ['job_cleaning', '99999999999'],
    ['url', 'ftp://x'],
    ['url', 'backup'],
    ['backup_user', ''],
    ['backup_user', '-oProxyCommand=x'],
    ['backup_user', 'a b'],
    ['ic_cron', '00 20 * *'],
    ['mail_from', 'a\0b'],
    ['mail_from', '\ud800'],
  ])('%s cannot be %j', (name, value) =>
    change(name, value).refused({ code: 'validation', fields: { value: [expect.any(String)] } }),
  );

  test('refuses a value of a setting that does not exist', () =>
    change('nonsense', 'x').refused({ code: 'not-found' }));
});

describe('a secret', () => {
  const password: SettingsEvent = {
    type: 'secret-setting-changed',
    data: { key: 'cyborgbackup_mail_password', value: 'x' },
  };
  test('records a secret as a secret', () => change('mail_password', 'x').then(password));
  test('keeps a secret whose mask is sent back', () => {
    change('mail_password', SECRET_MASK, password).then();
    change('mail_password', `${SECRET_MASK}AAAA`, password).then();
  });
  test('removes a secret', () =>
    change('mail_password', '', {
      type: 'secret-setting-changed',
      data: { ...password.data, value: sealed('1') },
    }).then({ ...password, data: { ...password.data, value: '' } }));
});

describe('the key pair', () => {
  const sshKey = { key_type: 'ed25519', public_key: 'ssh-ed25519 A', private_key: 'PEM' } as const;
  const other = { ...sshKey, public_key: 'ssh-ed25519 B' } as const;
  const generated: SettingsEvent = { type: 'ssh-key-generated', data: sshKey };
  test('provides the key pair once', () => {
    given(settingsDecider).when({ type: 'provide-ssh-key', sshKey }).then(generated);
    given(settingsDecider, generated).when({ type: 'provide-ssh-key', sshKey: other }).then();
  });
  test('replaces the key pair', () =>
    given(settingsDecider, generated)
      .when({ type: 'replace-ssh-key', sshKey: other })
      .then({ type: 'ssh-key-generated', data: other }));
});
