import { AppError } from '@cyborgbackup/kernel';
import { isHostName, withoutBrackets } from './host-name.ts';

/** Where a repository is, as borg 1.x understands it. */
export type RepositoryLocation =
  | {
      readonly kind: 'ssh';
      readonly user: string;
      /** Name or address; an IPv6 address without brackets. */
      readonly host: string;
      readonly port: number;
      /** Absolute (`/srv/repo`), or relative to the account's home folder (`repo`). */
      readonly path: string;
    }
  | { readonly kind: 'local'; readonly path: string };

const SSH_URL = /^ssh:\/\/(?:([^@:/]+)@)?([^@:/[\]]+|\[[0-9a-fA-F:.]+\])(?::(\d{1,5}))?(\/.+)$/s;
const SCP = /^([^@:/]+)@([^@:/[\]]+|\[[0-9a-fA-F:.]+\]):(.+)$/s;
const USER = /^[A-Za-z0-9_][A-Za-z0-9._-]*\$?$/;

const refuse = (why: string): AppError =>
  new AppError(
    'validation',
    `This is not a repository location: ${why}. Write user@host:path, ssh://user@host:port/path or an absolute path.`,
  );

const checkPath = (path: string): string => {
  if (/[\0-\x1f\x7f]/.test(path)) throw refuse('the path holds control characters');
  if (path.includes('::')) throw refuse('"::" in the path would start an archive name');
  if (/^\/*$/.test(path)) throw refuse('the path is the root folder or empty');
  return path;
};

const checkPort = (digits: string | undefined): number => {
  const port = digits === undefined ? 22 : Number(digits);
  if (port < 1 || port > 65_535) throw refuse(`there is no port ${port}`);
  return port;
};

const ssh = (user: string | undefined, host: string, port: string | undefined, path: string): RepositoryLocation => {
  if (user === undefined) throw refuse('the user is missing');
  if (!USER.test(user)) throw refuse(`"${user}" is not a user name`);
  if (!isHostName(host)) throw refuse(`"${host}" is not a host name`);
  return {
    kind: 'ssh',
    user,
    host: withoutBrackets(host),
    port: checkPort(port),
    path: checkPath(relativeToHome(oneSlash(path))),
  };
};

/** `//srv` is `/srv`: one repository must not have two names. */
const oneSlash = (path: string): string => path.replace(/^\/+/, '/');

/** `user@host:22:/path` would be a folder named `22:` in the home folder, which nobody means. */
const checkScpPath = (user: string, host: string, path: string): string => {
  const [, port, rest] = /^(\d{1,5}):(.*)$/s.exec(path) ?? [];
  if (port === undefined || rest === undefined) return path;
  const url = `ssh://${user}@${host}:${port}${rest.startsWith('/') ? rest : `/./${rest}`}`;
  throw refuse(`a port can only be given in a URL, as in ${url}`);
};

const scpLocation = ([, user = '', host = '', path = '']: readonly string[]): RepositoryLocation =>
  ssh(user, host, undefined, checkScpPath(user, host, path));

/** `x`, `./x`, `~/x`, `/./x` and `/~/x` all mean x in the account's home folder. */
const relativeToHome = (path: string): string => {
  const relative = path.replace(/^\/?(~\/|\.\/)/, '');
  if (relative.startsWith('~') || relative.startsWith('/~'))
    throw refuse('only the own home folder can be written as "~/"');
  return relative === path ? path : relative.replace(/^\/+/, '');
};

/**
 * Reads `user@host:path`, `ssh://user@host[:port]/path` (also `/./path` and `/~/path`, both relative to home) or an absolute
 * local path.
 * @throws AppError('validation') with a sentence for anything else
 */
export const parseRepositoryLocation = (text: string): RepositoryLocation => {
  if (text.startsWith('/')) return { kind: 'local', path: checkPath(oneSlash(text)) };
  const url = SSH_URL.exec(text);
  if (url) return ssh(url[1], url[2] ?? '', url[3], url[4] ?? '');
  if (text.includes('://')) throw refuse('of URLs only ssh://user@host:port/path is understood');
  const scp = SCP.exec(text);
  if (scp) return scpLocation(scp);
  throw refuse(text === '' ? 'it is empty' : 'neither a host nor an absolute path is given');
};

/** Borg expands `{hostname}` and the like in locations. */
const withoutPlaceholders = (text: string): string => text.replaceAll(/[{}]/g, '$&$&');

/** A host before a colon. */
export const bracketed = (host: string): string => (host.includes(':') ? `[${host}]` : host);

/** The location as an argument for borg on another host than the repository's own. */
export const toBorgUrl = (location: RepositoryLocation): string => {
  if (location.kind === 'local') return withoutPlaceholders(location.path);
  const { user, host, port, path } = location;
  return withoutPlaceholders(
    `ssh://${user}@${bracketed(host)}${port === 22 ? '' : `:${port}`}${path.startsWith('/') ? path : `/./${path}`}`,
  );
};

/**
 * The location as an argument for borg on the repository's own host, where commands start in the home folder. A colon in a
 * relative path would be taken for a host, hence the leading `./`.
 */
export const repositoryPathOnHost = ({ path }: RepositoryLocation): string =>
  withoutPlaceholders(path.startsWith('/') ? path : `./${path}`);

/** `repository::archive`. @throws AppError('validation') for a name that borg could misunderstand */
export const archiveLocation = (repository: string, archive: string): string =>
  `${repository}::${checkArchiveName(archive)}`;

/**
 * @throws AppError('validation') unless the name is 1 to 200 characters without slashes, braces (borg's placeholders),
 * control characters, `::` or surrounding blanks
 */
export const checkArchiveName = (name: string): string => {
  const bad = name.length < 1 || name.length > 200 || /[/{}\0-\x1f\x7f]|::|^\s|\s$/.test(name);
  if (bad)
    throw new AppError(
      'validation',
      `"${name.slice(0, 60)}" cannot be an archive name: no slashes, braces, "::" or blanks at the ends.`,
    );
  return name;
};
