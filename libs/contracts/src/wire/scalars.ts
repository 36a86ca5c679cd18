import { z } from 'zod';

/** Text that PostgreSQL and a shell can hold: no NUL, and no half of a surrogate pair. */
export const text = (max: number): z.ZodString =>
  z
    .string()
    .max(max, `Ensure this field has no more than ${max} characters.`)
    .regex(/^[^\0]*$/, 'Null characters are not allowed.')
    .regex(/^\P{Cs}*$/u, 'This is not valid Unicode text.');

/** As `text`, and not empty. */
export const requiredText = (max: number): z.ZodString => text(max).min(1, 'This field may not be blank.');

/**
 * A path in an archive, which is bytes: those that are not UTF-8 are lone surrogates U+DC80 to U+DCFF here, the way borg and
 * Python have them.
 */
export const archivePath = z
  .string()
  .min(1, 'This field may not be blank.')
  .max(16_384, 'Ensure this field has no more than 16384 characters.')
  .regex(/^[^\0]*$/, 'Null characters are not allowed.')
  .regex(/^(?:\P{Cs}|[\u{dc80}-\u{dcff}])*$/u, 'This is not valid Unicode text.');

/** A database id as the API shows it. */
export const integerId = z.int().min(1).max(2_147_483_647);

export const uuid = z.uuid();

/** ISO 8601, UTC, `Z`. */
export const timestamp = z.iso.datetime({ offset: false });

/** What stands in an answer where a secret is stored; sent back, it leaves the secret as it is. */
export const SECRET_MASK = '$encrypted$';

/** Plain text on its way into the log, sealed on its way out of it. See `Sealed` in the kernel. */
export const sealedText = z.union([
  z.string(),
  z.object({ $encrypted: z.object({ subject: z.string(), value: z.string() }) }),
]);
