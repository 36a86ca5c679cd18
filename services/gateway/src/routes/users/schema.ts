import { userFields } from '@cyborgbackup/contracts';
import { z } from 'zod';
import { withDefaults } from '../../http/resource/with-defaults.ts';
import { passwordWeaknesses } from './password.ts';

const { email: emailField, ...others } = userFields.shape;

const email = emailField.regex(z.regexes.email, 'Enter a valid email address.');

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

/** Without a password it stays as it is. */
export const replaceUser = z.object({ ...fields, password: password().optional() });

export const changeUser = userFields.extend({ email, password: password() }).partial();

export const userSchema = z.object({
  id: z.int(),
  type: z.literal('user'),
  url: z.string(),
  related: z.object({}),
  summary_fields: z.object({}),
  created: z.string(),
  ...userFields.shape,
});
