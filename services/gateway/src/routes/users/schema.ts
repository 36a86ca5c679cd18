import { userFields } from '@cyborgbackup/contracts';
import { z } from 'zod';
import { withDefaults } from '../../http/resource/with-defaults.ts';

const { email: emailField, ...others } = userFields.shape;

const email = emailField.regex(z.regexes.email, 'Enter a valid email address.');

const MIN_LENGTH = 8;
const MIN_DISTINCT = 4;

/** The top of every list of stolen passwords, as far as the other rules allow them. */
const COMMON = new Set(
  [
    'password password1 password123 passw0rd iloveyou princess sunshine football baseball superman trustno1 qwertyuiop',
    'qwerty123 1q2w3e4r 1qaz2wsx abcd1234 letmein1 welcome1 changeme adminadmin administrator admin123 cyborgbackup',
  ].flatMap((line) => line.split(' ')),
);

/** The weaknesses of a new password, in the original's words. */
const passwordWeaknesses = (password: string): readonly string[] => {
  const found: string[] = [];
  if (password.length < MIN_LENGTH) {
    found.push(`This password is too short. It must contain at least ${MIN_LENGTH} characters.`);
  }
  if (COMMON.has(password.toLowerCase()) || new Set(password).size < MIN_DISTINCT) {
    found.push('This password is too common.');
  }
  if (/^\d+$/.test(password)) found.push('This password is entirely numeric.');
  return found;
};

/** @param whenEmpty the message for an empty password; undefined where that is allowed */
const password = (whenEmpty?: string): z.ZodType<string, string> =>
  z
    .string()
    .max(1024)
    .superRefine((value, context) => {
      const emptyMessages = whenEmpty === undefined ? [] : [whenEmpty];
      const messages = value === '' ? emptyMessages : passwordWeaknesses(value);
      for (const message of messages) context.addIssue({ code: 'custom', message });
    })
    .meta({ verbatim: true });

/** A new password of a user. */
export const chosenPassword = password('This field may not be blank.');

const fields = {
  email,
  ...withDefaults(others, {
    first_name: '',
    last_name: '',
    is_superuser: false,
    notify_backup_daily: false,
    notify_backup_weekly: false,
    notify_backup_monthly: false,
    notify_backup_success: false,
    notify_backup_failed: false,
    notify_backup_summary: false,
  }),
};

export const createUser = z.object({
  ...fields,
  password: password('Password required for new User.').prefault(''),
});

/** Of who changes their own password. */
const currentPassword = z
  .string()
  .max(1024)
  .meta({ verbatim: true, description: 'Your password until now: needed to choose another one for yourself.' })
  .optional();

/** Without a password it stays as it is. */
export const replaceUser = z.object({
  ...fields,
  password: password().optional(),
  current_password: currentPassword,
});

export const changeUser = userFields
  .extend({ email, password: password(), current_password: currentPassword })
  .partial();

export const userSchema = z.object({
  id: z.int(),
  type: z.literal('user'),
  url: z.string(),
  related: z.object({}),
  summary_fields: z.object({}),
  created: z.string(),
  ...userFields.shape,
});
