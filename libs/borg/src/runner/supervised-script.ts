import { quoteArgv } from '../shell/quote.ts';
import { assignLines, readScript } from '../shell/script.ts';
import type { RemoteScript } from './borg-runner.ts';

const READER = readScript(new URL('./reader.sh', import.meta.url)).replaceAll('\n', ' ');
const SUPERVISE = readScript(new URL('./supervise.sh', import.meta.url));

/** What is started on a host: by a login shell as a line, or directly as an argument vector. It takes a `payloadOf`. */
export const READER_COMMAND: readonly string[] = ['sh', '-c', READER];

/** What the reader takes: the number of lines, and the lines, secrets first. */
export const payloadOf = ({ script, secrets }: RemoteScript): string => {
  const text = [...assignLines(secrets), script].join('\n');
  return `${text.split('\n').length}\n${text}\n`;
};

/** The lines of `setup` and the secrets by which a text becomes the command's standard input. To be the last lines. */
export const commandInput = (
  input: string | undefined,
): { readonly lines: readonly string[]; readonly secrets: RemoteScript['secrets'] } =>
  input === undefined
    ? { lines: [], secrets: {} }
    : { lines: ['supply input "$cyborg_input"'], secrets: { cyborg_input: input } };

/**
 * A script that runs one command under supervision.
 * @param setup lines that are run before it and may use what supervise.sh offers
 * @param cleanup lines that are run at the end in any case, even when the command was never started
 */
export const supervisedScript = (
  argv: readonly string[],
  { setup = [], cleanup = [] }: { readonly setup?: readonly string[]; readonly cleanup?: readonly string[] } = {},
): string => ['clean_up() {', ':', ...cleanup, '}', SUPERVISE, ...setup, `supervise ${quoteArgv(argv)}`].join('\n');
