import { execPlain, type BorgRunner } from '@cyborgbackup/borg';

/** The version of the OpenSSH client on a host, for example `9.2`; undefined when there is none. @throws SshError */
export const opensshVersion = async (runner: BorgRunner): Promise<string | undefined> => {
  const { stdout } = await execPlain(runner, ['sh', '-c', 'ssh -V 2>&1']);
  return /^OpenSSH_(\d+\.\d+)/m.exec(stdout)?.[1];
};

/** Since 8.9 OpenSSH tells an agent which host a login is for, so that a lent key is good for that host alone. */
export const canBindKeys = (version: string | undefined): boolean => {
  const [major = 0, minor = 0] = (version ?? '').split('.').map(Number);
  return major > 8 || (major === 8 && minor >= 9);
};
