import { access, constants } from 'node:fs/promises';
import { delimiter, join } from 'node:path';

/** Where servers are installed, though the PATH of ordinary users often leaves it out. */
const SYSTEM_FOLDERS = ['/usr/local/sbin', '/usr/local/bin', '/usr/sbin', '/usr/bin'];

/** Absolute path of an executable, from PATH or the system's folders; undefined when there is none. */
export const findExecutable = async (name: string): Promise<string | undefined> => {
  const folders = (process.env['PATH'] ?? '').split(delimiter).filter((folder) => folder.startsWith('/'));
  for (const folder of [...folders, ...SYSTEM_FOLDERS]) {
    const path = join(folder, name);
    if (
      await access(path, constants.X_OK).then(
        () => true,
        () => false,
      )
    )
      return path;
  }
  return undefined;
};
