import type { ExecResult } from '../ssh/command-io.ts';
import { SshError } from '../ssh/error.ts';

/** What an account says that runs no command, and what to do about it. */
const CURES: readonly (readonly [pattern: RegExp, cure: string])[] = [
  [
    /currently not available|nologin/i,
    'Its login shell is nologin: give it another one, for example with "usermod --shell /bin/sh".',
  ],
  [
    /password has expired|password change required|account has expired/i,
    'Renew its password there, or let it never expire ("chage -M -1 -E -1").',
  ],
  [
    /\bsudo: /,
    'Let sudo run any command for it without a password and without a terminal (NOPASSWD: ALL, and no requiretty).',
  ],
  [
    /restricted|not allowed|forbidden/i,
    'Its login shell is a restricted one: give it /bin/sh, or use another account.',
  ],
  [
    /verification code|passcode|one-time|two-factor|duo\b/i,
    'It asks for a second factor, which nobody is there to give: exempt this account from it.',
  ],
];
const CURE = 'Does the account have a shell, and its key no forced command?';

/**
 * An account that lets us in and does not run our script.
 * @param banner what it printed instead
 * @param isLate it did not end either
 */
export const noShell = (where: string, banner: string, { exitCode }: ExecResult, isLate: boolean): SshError => {
  if (isLate && banner === '')
    return new SshError('timeout', `${where} let us in, but ran no command in time. Do its login scripts hang?`);
  const cure = CURES.find(([pattern]) => pattern.test(banner))?.[1] ?? CURE;
  const said = banner === '' ? `exit status ${exitCode ?? 'none'}` : `it said "${banner}"`;
  return new SshError('no-shell', `${where} does not let us run commands (${said}). ${cure}`);
};
