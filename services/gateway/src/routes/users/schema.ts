import { userFields } from '@cyborgbackup/contracts';
import { z } from 'zod';
import { passwordWeaknesses } from './password.ts';

const { shape } = userFields;

const email = shape.email.regex(z.regexes.email, 'Enter a valid email address.');

/** @param whenEmpty what is wrong with none, if anything is */
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

/** A password that somebody has to choose. */
export const chosenPassword = password('This field may not be blank.');

const optional = {
  first_name: shape.first_name.default(''),
  last_name: shape.last_name.default(''),
  is_superuser: shape.is_superuser.default(false),
  notify_backup_daily: shape.notify_backup_daily.default(false),
  notify_backup_weekly: shape.notify_backup_weekly.default(false),
  notify_backup_monthly: shape.notify_backup_monthly.default(false),
  notify_backup_success: shape.notify_backup_success.default(false),
  notify_backup_failed: shape.notify_backup_failed.default(false),
  notify_backup_summary: shape.notify_backup_summary.default(false),
};

export const createUser = z.object({
  email,
  ...optional,
  password: password('Password required for new User.').prefault(''),
});

/** Without a password it stays as it is. */
export const replaceUser = z.object({ email, ...optional, password: password().optional() });

export const changeUser = userFields.extend({ email, password: password() }).partial();

export const userSchema = z.object({
  id: z.int(),
  type: z.literal('user'),
  url: z.string(),
  related: z.object({}),
  summary_fields: z.object({}),
  created: z.string(),
  ...shape,
});
