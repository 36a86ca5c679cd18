import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';

export interface DemoOptions {
  /** The folder to back up, absolute. */
  readonly path: string;
  /** Leave the product running afterwards. */
  readonly keep: boolean;
}

export const DEMO_HELP = `Backs up a folder with CyBorgBackup, from nothing to a restored file, in a throw-away data folder.

Usage: npm run demo [-- --path DIR] [--keep]

  --path DIR   the folder to back up; this project unless given
  --keep       leave the product running at the end, and print its address and login
  --help       this text
`;

/**
 * Undefined when help was asked for.
 * @throws Error with a sentence for an option that is not known or a path that is no folder
 */
export const readDemoOptions = async (args: readonly string[], project: string): Promise<DemoOptions | undefined> => {
  const { values } = parseArgs({
    args: [...args],
    options: { path: { type: 'string' }, keep: { type: 'boolean' }, help: { type: 'boolean' } },
  });
  if (values.help) return undefined;
  const path = resolve(process.env['INIT_CWD'] ?? '.', values.path ?? project);
  const found = await stat(path).catch(() => undefined);
  if (!found?.isDirectory()) throw new Error(`${path} is not a folder: give one with --path DIR.`);
  return { path, keep: values.keep ?? false };
};
