import { defineEvent, type EventOf } from '@cyborgbackup/kernel';
import { z } from 'zod';
import { integerId, removedEntity, requiredText, sealedText, text, timestamp, uuid } from '../wire/scalars.ts';

/** Mail reports that a user wants. */
const userNotifications = {
  notify_backup_daily: z.boolean(),
  notify_backup_weekly: z.boolean(),
  notify_backup_monthly: z.boolean(),
  notify_backup_success: z.boolean(),
  notify_backup_failed: z.boolean(),
  notify_backup_summary: z.boolean(),
};

/** A user's fields as the API, the commands and the events have them. The password is never among them. */
export const userFields = z.object({
  first_name: text(30),
  last_name: text(30),
  email: requiredText(254),
  is_superuser: z.boolean(),
  ...userNotifications,
});
export type UserFields = z.infer<typeof userFields>;

/**
 * The form in which email addresses are compared: those that differ in case only are one. Look-ups and whatever counts or
 * claims by address use this form, never PostgreSQL's `lower`, which goes by its locale.
 */
export const comparableEmail = (email: string): string => email.trim().normalize('NFC').toLowerCase().normalize('NFC');

const personal = { subject: (data: { uuid: string }) => `user-${data.uuid}` };

export const userRegistered = defineEvent({
  type: 'user-registered',
  schema: userFields.extend({ id: integerId, uuid, password_hash: sealedText }),
  personal: { ...personal, fields: ['email', 'first_name', 'last_name'] },
  sealed: { ...personal, fields: ['password_hash'] },
});

export const userChanged = defineEvent({
  type: 'user-changed',
  schema: userFields.partial().extend({ uuid }),
  personal: { ...personal, fields: ['email', 'first_name', 'last_name'] },
});

export const userPasswordChanged = defineEvent({
  type: 'user-password-changed',
  /** `reset_token` names the token with which it was chosen, when it was: then the actor is the gateway, not the user. */
  schema: z.object({ uuid, password_hash: sealedText, reset_token: uuid.optional() }),
  sealed: { ...personal, fields: ['password_hash'] },
});

export const userRemoved = defineEvent({ type: 'user-removed', schema: removedEntity });

export const userEvents = [userRegistered, userChanged, userPasswordChanged, userRemoved] as const;
export type UserEvent = EventOf<(typeof userEvents)[number]>;

/** Somebody (the actor) was given a token with which whoever has it can choose the user's next password. */
export const passwordResetIssued = defineEvent({
  type: 'password-reset-issued',
  schema: z.object({ user: uuid, token: uuid, expires_at: timestamp }),
});

export const passwordResetEvents = [passwordResetIssued] as const;
export type PasswordResetEvent = EventOf<(typeof passwordResetEvents)[number]>;

/** One stream for all withdrawals, so that two of them at once cannot remove the last superuser. */
export const SUPERUSERS_STREAM = 'superusers';

/**
 * A superuser may be demoted or removed, since another one stays. Recorded before the user's own event, which is then appended
 * at exactly this version of the user's stream: from here on the user does not count as a superuser, unless that stream has
 * got another event meanwhile.
 */
export const superuserWithdrawn = defineEvent({
  type: 'superuser-withdrawn',
  schema: z.object({ user: uuid, version: z.int().min(1) }),
});

export const superuserEvents = [superuserWithdrawn] as const;
export type SuperuserEvent = EventOf<(typeof superuserEvents)[number]>;
