import type { BorgRunner } from './borg-runner.ts';
import { runCommand, type RunCommandOptions } from './run-command.ts';
import { readScript } from '../shell/script.ts';

export interface HostDescription {
  /** For example `1.2.4`; undefined when borg is not installed. */
  readonly borgVersion: string | undefined;
  /** For example `Linux`. */
  readonly os: string;
  /** For example `x86_64`. */
  readonly arch: string;
  /** The distribution's name for people, for example `Debian GNU/Linux 12 (bookworm)`. */
  readonly distribution: string | undefined;
}

const SCRIPT = readScript(new URL('./probe-host.sh', import.meta.url));

/** `borg --version` as `1.2.4`, or undefined when it is something else. */
export const parseBorgVersion = (text: string): string | undefined =>
  /^borg\S* (\d+\.\d+\.\d+\S*)\s*$/m.exec(text)?.[1];

/** The versions we speak to: 1.2 and later 1.x. */
export const isSupportedBorg = (version: string): boolean => /^1\.([2-9]|\d\d)\./.test(version);

/** Reads what kind of host this is, and which borg is installed. @throws as `runCommand` */
export const probeHost = async (runner: BorgRunner, options: RunCommandOptions = {}): Promise<HostDescription> => {
  const { stdout } = await runCommand(runner, ['sh', '-c', SCRIPT], options);
  const facts = new Map(
    stdout.split('\n').map((line): [string, string] => [line.replace(/=.*/s, ''), line.replace(/^[a-z]*=/, '')]),
  );
  const get = (name: string): string => facts.get(name) ?? '';
  return {
    os: get('os'),
    arch: get('arch'),
    distribution: get('distribution') || undefined,
    borgVersion: parseBorgVersion(stdout),
  };
};
