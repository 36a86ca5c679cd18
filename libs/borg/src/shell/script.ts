import { AppError } from '@cyborgbackup/kernel';
import { quote } from './quote.ts';

const NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;

/** Shell text that sets an environment; nothing for an empty one. @throws AppError('validation') for a bad name */
export const exportLines = (env: Readonly<Record<string, string>>): readonly string[] => {
  const bad = Object.keys(env).find((name) => !NAME.test(name));
  if (bad !== undefined) throw new AppError('validation', `"${bad}" is not the name of an environment variable.`);
  const words = Object.entries(env).map(([name, value]) => `${name}=${quote(value)}`);
  return words.length === 0 ? [] : [`export ${words.join(' ')}`];
};
