import { z } from 'zod';

/** Text that PostgreSQL and a shell can hold: no NUL, and no half of a surrogate pair. */
export const text = (max: number): z.ZodString =>
  z
    .string()
    .max(max, `Ensure this field has no more than ${max} characters.`)
    .regex(/^[^\0]*$/, 'Null characters are not allowed.')
    .regex(/^\P{Cs}*$/u, 'This is not valid Unicode text.');

/** `text` that is not empty. */
export const requiredText = (max: number): z.ZodString => text(max).min(1, 'This field may not be blank.');

/**
 * A path in an archive, which is bytes: those that are not UTF-8 are lone surrogates U+DC80 to U+DCFF, as in borg and Python.
 */
export const archivePath = z
  .string()
  .min(1, 'This field may not be blank.')
  .max(16_384, 'Ensure this field has no more than 16384 characters.')
  .regex(/^[^\0]*$/, 'Null characters are not allowed.')
  .regex(/^(?:\P{Cs}|[\u{dc80}-\u{dcff}])*$/u, 'This is not valid Unicode text.');

/** An id as the API has it. */
export const integerId = z.int().min(1).max(2_147_483_647);

export const uuid = z.uuid();

/** What the last event of an entity says. */
export const removedEntity = z.object({ uuid, id: integerId });

/** ISO 8601, UTC, `Z`. */
export const timestamp = z.iso.datetime({ offset: false });

/** Stands for a stored secret in answers; sent back, it leaves the secret unchanged. */
export const SECRET_MASK = '$encrypted$';

/** Plain text before it is appended to the log, sealed text when it is read. See `Sealed` in the kernel. */
export const sealedText = z.union([
  z.string(),
  z.object({ $encrypted: z.object({ subject: z.string(), value: z.string() }) }),
]);
