import { expect, it } from 'vitest';
import { releaseChangelog } from './release.ts';

const changelog = (unreleased: string): string => `# Changelog\n\n## [Unreleased]\n${unreleased}`;

it('a release puts what is unreleased under the version and its date', () => {
  expect(releaseChangelog(changelog('\n- New\n\n## [0.9.0] - 2026-01-01\n\n- Old\n'), '1.0.0', '2026-12-01')).toBe(
    '# Changelog\n\n## [Unreleased]\n\n## [1.0.0] - 2026-12-01\n\n- New\n\n## [0.9.0] - 2026-01-01\n\n- Old\n',
  );
});

it.each([
  ['a block without an entry', changelog('\n')],
  ['an empty block before an older release', changelog('\n## [0.9.0] - 2026-01-01\n\n- Old\n')],
])('refuses %s', (_name, text) => {
  expect(() => releaseChangelog(text, '1.0.0', '2026-12-01')).toThrow('say what this release brings');
});

it('a release refuses a changelog without the block', () => {
  expect(() => releaseChangelog('# Changelog\n', '1.0.0', '2026-12-01')).toThrow('no block');
});
