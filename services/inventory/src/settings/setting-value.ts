import { type SettingDefinition } from '@cyborgbackup/contracts';
import { parseCrontab } from '@cyborgbackup/scheduling';
import { fieldError, hasCode } from '@cyborgbackup/kernel';

type Check = (value: string) => string;

const refuse = (message: string): never => {
  throw fieldError('value', message);
};

const boolean: Check = (value) => {
  if (/^true$/i.test(value)) return 'True';
  if (/^false$/i.test(value)) return 'False';
  return value === '' ? value : refuse('Must be a valid boolean: True or False.');
};

const integer: Check = (value) => {
  const trimmed = value.trim();
  const isInteger = /^[+-]?\d{1,10}$/.test(trimmed) && Math.abs(Number(trimmed)) <= 2_147_483_647;
  return isInteger ? String(Number(trimmed)) : refuse('A valid integer is required.');
};

const integerWithin =
  (min: number, max: number): Check =>
  (value) => {
    const text = integer(value);
    return Number(text) >= min && Number(text) <= max ? text : refuse(`Must be between ${min} and ${max}.`);
  };

const MAX_LENGTH = 65_536;

const string: Check = (value) => {
  if (value.length > MAX_LENGTH) return refuse(`Ensure this field has no more than ${MAX_LENGTH} characters.`);
  return !value.includes('\0') && value.isWellFormed() ? value : refuse('This is not valid text.');
};

const httpUrl: Check = (value) =>
  /^https?:\/\/[^\s/]/.test(value) && URL.canParse(value)
    ? string(value)
    : refuse('Enter a URL such as https://backup.example.com.');

/** It becomes the user of SSH logins. */
const accountName: Check = (value) =>
  /^[A-Za-z0-9_][A-Za-z0-9._-]{0,31}\$?$/.test(value) ? value : refuse('This is not the name of a user account.');

const crontab: Check = (value) => {
  try {
    parseCrontab(value);
  } catch (error) {
    if (!hasCode(error, 'validation')) throw error;
    refuse(error.fields?.['crontab']?.[0] ?? error.message);
  }
  return value;
};

/** Settings whose type says too little. */
const BY_KEY: Readonly<Record<string, Check>> = {
  cyborgbackup_url: httpUrl,
  cyborgbackup_backup_user: accountName,
  cyborgbackup_ic_cron: crontab,
  cyborgbackup_mail_port: integerWithin(1, 65_535),
  cyborgbackup_job_cleaning: integerWithin(0, 36_500),
  // A year.
  cyborgbackup_max_clock_difference: integerWithin(0, 31_536_000),
};

const BY_TYPE = { boolean, integer, string, password: string, privatekey: string };

/**
 * The value as it is stored.
 * @throws AppError `validation` on `value`
 */
export const settingValue = ({ key, setting_type }: SettingDefinition, value: string): string =>
  (BY_KEY[key] ?? BY_TYPE[setting_type])(value);
