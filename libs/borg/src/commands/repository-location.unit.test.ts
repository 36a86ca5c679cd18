import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  archiveLocation,
  parseRepositoryLocation,
  type RepositoryLocation,
  repositoryPathOnHost,
  toBorgUrl,
} from './repository-location.ts';

const ssh = (user: string, host: string, port: number, path: string): RepositoryLocation => ({
  kind: 'ssh',
  user,
  host,
  port,
  path,
});

test.each([
  ['borg@nas:/srv/repo', ssh('borg', 'nas', 22, '/srv/repo'), 'ssh://borg@nas/srv/repo', '/srv/repo'],
  ['borg@nas:repo', ssh('borg', 'nas', 22, 'repo'), 'ssh://borg@nas/./repo', './repo'],
  ['borg@nas:./repo', ssh('borg', 'nas', 22, 'repo'), 'ssh://borg@nas/./repo', './repo'],
  ['borg@nas:~/repo', ssh('borg', 'nas', 22, 'repo'), 'ssh://borg@nas/./repo', './repo'],
  ['borg@nas:a:b', ssh('borg', 'nas', 22, 'a:b'), 'ssh://borg@nas/./a:b', './a:b'],
  ['borg@[::1]:repo', ssh('borg', '::1', 22, 'repo'), 'ssh://borg@[::1]/./repo', './repo'],
  ['ssh://borg@nas/srv/my repo', ssh('borg', 'nas', 22, '/srv/my repo'), 'ssh://borg@nas/srv/my repo', '/srv/my repo'],
  ['ssh://borg@nas:2222/./repo', ssh('borg', 'nas', 2222, 'repo'), 'ssh://borg@nas:2222/./repo', './repo'],
  ['ssh://borg@nas:2222/~/repo', ssh('borg', 'nas', 2222, 'repo'), 'ssh://borg@nas:2222/./repo', './repo'],
  ['ssh://u@[fe80::1]:22/r', ssh('u', 'fe80::1', 22, '/r'), 'ssh://u@[fe80::1]/r', '/r'],
  ['ssh://borg@nas//srv/repo', ssh('borg', 'nas', 22, '/srv/repo'), 'ssh://borg@nas/srv/repo', '/srv/repo'],
  ['//srv/repo', { kind: 'local', path: '/srv/repo' } as const, '/srv/repo', '/srv/repo'],
  ['/srv/{hostname}', { kind: 'local', path: '/srv/{hostname}' } as const, '/srv/{{hostname}}', '/srv/{{hostname}}'],
])('%s', (text, location, url, onHost) => {
  expect(parseRepositoryLocation(text)).toEqual(location);
  expect(toBorgUrl(location)).toBe(url);
  expect(repositoryPathOnHost(location)).toBe(onHost);
});

test.each([
  ['', 'it is empty'],
  ['repo', 'neither a host nor an absolute path'],
  ['./repo', 'neither a host nor an absolute path'],
  ['nas:repo', 'neither a host nor an absolute path'],
  ['file:///srv', 'only ssh://'],
  ['ssh://nas/srv', 'the user is missing'],
  ['ssh://borg@nas', 'only ssh://'],
  ['ssh://borg@nas:0/srv', 'no port 0'],
  ['ssh://borg@nas:99999/srv', 'no port 99999'],
  ['borg@nas:22:/srv/repo', 'ssh://borg@nas:22/srv/repo'],
  ['borg@[::1]:2222:repo', 'ssh://borg@[::1]:2222/./repo'],
  ['-oProxyCommand=x@nas:repo', 'is not a user name'],
  ['borg@-oProxyCommand:repo', 'is not a host name'],
  ['borg@na s:repo', 'is not a host name'],
  ['borg@nas:/srv::archive', '"::"'],
  ['borg@nas:/', 'root folder'],
  ['borg@nas:~other/repo', 'own home folder'],
  ['/srv/a\nb', 'control characters'],
])('%j is refused: %s', (text, why) => {
  expect(() => parseRepositoryLocation(text)).toThrow(why);
});

const segment = fc.stringMatching(/^[A-Za-z0-9_ .äß{}@-]{1,12}$/).filter((text) => !/^\.{1,2}$/.test(text));
const relative = fc.array(segment, { minLength: 1, maxLength: 4 }).map((parts) => parts.join('/'));
const host = fc.oneof(
  fc.domain(),
  fc.ipV4(),
  fc.ipV6().filter((address) => address.includes(':')),
);
const location = fc.oneof(
  fc.record({
    kind: fc.constant('ssh' as const),
    user: fc.stringMatching(/^[a-z_][a-z0-9_-]{0,10}$/),
    host,
    port: fc.integer({ min: 1, max: 65_535 }),
    path: fc.oneof(
      relative,
      relative.map((path) => `/${path}`),
    ),
  }),
  relative.map((path) => ({ kind: 'local' as const, path: `/${path}` })),
);

test('what toBorgUrl writes is read back as the same place', () => {
  fc.assert(
    fc.property(location, (place) => {
      const url = toBorgUrl(place).replaceAll('{{', '{').replaceAll('}}', '}');
      expect(parseRepositoryLocation(url)).toEqual(place);
    }),
  );
});

test.each(['', 'a/b', '{now}', 'a::b', ' a', 'a\n'])('%j is no archive name', (name) => {
  expect(() => archiveLocation('/srv/repo', name)).toThrow('cannot be an archive name');
});

test('a location and an archive name are joined by "::"', () => {
  expect(archiveLocation('/srv/repo', 'rootfs-web-01')).toBe('/srv/repo::rootfs-web-01');
});
