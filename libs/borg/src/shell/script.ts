import { AppError } from '@cyborgbackup/kernel';
import { readFileSync } from 'node:fs';
import { quote } from './quote.ts';

/** A start-up file of the account may have left the system's folders out. */
export const WITH_PATH = 'export PATH="$PATH:/usr/local/bin:/usr/bin:/bin"';

/** The text of a `.sh` file, without its comments since it is sent with every command. */
export const readScript = (file: URL): string =>
  readFileSync(file, 'utf8')
    .replaceAll(/^\s*#.*\n/gm, '')
    .trim();

const words = (variables: Readonly<Record<string, string>>): string[] =>
  Object.entries(variables).map(([name, value]) => {
    if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name))
      throw new AppError('validation', `"${name}" is not the name of an environment variable.`);
    return `${name}=${quote(value)}`;
  });

/** Lines that set shell variables, which no program inherits, and unset those without a value. */
export const assignLines = (variables: Readonly<Record<string, string | undefined>>): readonly string[] => {
  const names = Object.keys(variables);
  const values = Object.entries(variables).filter((entry): entry is [string, string] => entry[1] !== undefined);
  return names.length === 0 ? [] : [`unset ${names.join(' ')}`, ...words(Object.fromEntries(values))];
};

/** A line that sets an environment; none for an empty one. @throws AppError('validation') for a bad name */
export const exportLines = (env: Readonly<Record<string, string>>): readonly string[] =>
  Object.keys(env).length === 0 ? [] : [`export ${words(env).join(' ')}`];
