import { runCommand, type BorgRunner } from '@cyborgbackup/borg';

/** What `ssh -V` says, as `9.2`; undefined when it is something else. */
export const parseOpenssh = (text: string): string | undefined => /^OpenSSH_(\d+\.\d+)/m.exec(text)?.[1];

/** The version of the OpenSSH client on a host, for example `9.2`; undefined when there is none. @throws SshError */
export const opensshVersion = async (runner: BorgRunner): Promise<string | undefined> => {
  const { stdout } = await runCommand(runner, ['sh', '-c', 'ssh -V 2>&1']);
  return parseOpenssh(stdout);
};

/** Since 8.9 OpenSSH tells an agent which host a login is for, so that a lent key is good for that host alone. */
export const canBindKeys = (version: string | undefined): boolean => {
  const [major = 0, minor = 0] = (version ?? '').split('.').map(Number);
  return major > 8 || (major === 8 && minor >= 9);
};
