/** What has to change in an `authorized_keys` file so that a key logs in by the given line, or by one as strict. */
export interface AuthorizedKeysChange {
  /** Numbers, from 1, of lines with which the key may do more. */
  readonly remove: readonly number[];
  /** Whether the line has to be added. */
  readonly add: boolean;
}

interface Entry {
  readonly options: readonly string[];
  readonly key: string;
}

/** As sshd reads it: options without blanks but between double quotes, in which `\"` is the one escape. */
const ENTRY =
  /^[ \t]*(?:(?<options>(?:"(?:\\"|[^"])*"|[^"\s])+)[ \t]+)?(?<type>[a-z0-9@.-]+)[ \t]+(?<key>[A-Za-z0-9+/=]+)(?:\s|$)/;
const OPTION = /(?:"(?:\\"|[^"])*"|[^",])+/g;

const parseEntry = (line: string): Entry | undefined => {
  const { options = '', type = '', key = '' } = ENTRY.exec(line)?.groups ?? {};
  return key === '' ? undefined : { options: options.match(OPTION) ?? [], key: `${type} ${key}` };
};

const COMMAND = /^command="(?<text>.*)"$/is;

const commandOf = ({ options }: Entry): string | undefined => {
  const found = options.flatMap((option) => COMMAND.exec(option)?.groups?.['text'] ?? []);
  return found.length === 1 ? found[0] : undefined;
};

/** What `borg serve` may be told beside its repository: each allows less. */
const LIMITS = /^(?: --append-only| --storage-quota [0-9.]+[KMGTP]?)*$/;
/** Beside `command` and `restrict`: what says from where and until when. All others may allow more. */
const STRICTER = /^(?:from=|expiry-time=|no-)/i;

const isAsStrict = (entry: Entry, wanted: Entry): boolean => {
  const [command, serve = ''] = [commandOf(entry), commandOf(wanted)];
  const others = entry.options.filter((option) => !COMMAND.test(option) && option.toLowerCase() !== 'restrict');
  return (
    command?.startsWith(serve) === true &&
    LIMITS.test(command.slice(serve.length)) &&
    entry.options.length - others.length === 2 &&
    others.every((option) => STRICTER.test(option))
  );
};

/**
 * Sshd takes the first line with a key, so a weaker one, or one for another repository, has to go. A stricter one stays as it is:
 * somebody limited the repository's size, say.
 * @param text of the file
 * @param line as from `authorizedKeysLine`
 */
export const changeAuthorizedKeys = (text: string, line: string): AuthorizedKeysChange => {
  const wanted = parseEntry(line);
  if (!wanted) throw new TypeError('This is no line of an authorized_keys file');
  const same = text.split('\n').flatMap((found, index) => {
    const entry = parseEntry(found);
    return entry?.key === wanted.key ? [{ number: index + 1, isStrict: isAsStrict(entry, wanted) }] : [];
  });
  return {
    remove: same.filter(({ isStrict }) => !isStrict).map(({ number }) => number),
    add: !same.some(({ isStrict }) => isStrict),
  };
};
