import { AppError } from '@cyborgbackup/kernel';

/** A part of a caller's text for an error message: short, and without control characters. */
export const truncateForMessage = (text: string): string => text.slice(0, 64).replaceAll(/\p{C}/gu, '\u{fffd}');

/** A 400 about the query as a whole, `{"detail": …}`. */
export const badQuery = (message: string, cause?: unknown): AppError =>
  new AppError('validation', message, cause === undefined ? {} : { cause });
