import { AppError } from '@cyborgbackup/kernel';

/**
 * What a borg wrote cannot be believed: it is no JSON, not of the form that borg has, without end, or has figures that cannot be.
 * The message is a sentence for people. Trying again would not help, and it is never trouble of ours: whoever has the host decides
 * what is written there. See docs/decisions/0024-what-a-host-says-is-not-believed.md.
 */
export class BorgOutputError extends AppError {
  constructor(message: string, cause?: unknown) {
    super('conflict', message, { cause });
  }
}
