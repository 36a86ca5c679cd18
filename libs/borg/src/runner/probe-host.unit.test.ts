import { expect, test } from 'vitest';
import { isSupportedBorg, parseBorgVersion } from './probe-host.ts';

test.each([
  ['borg 1.2.4\n', '1.2.4', true],
  ['borg 1.4.0', '1.4.0', true],
  ['noise\nborg 1.4.0rc1\n', '1.4.0rc1', true],
  ['borg-linux-glibc236 1.4.1', '1.4.1', true],
  ['borg 2.0.0b12', '2.0.0b12', false],
  ['borg 1.1.18', '1.1.18', false],
  ['sh: borg: not found', undefined, false],
])('%j is read as version %s', (text, version, supported) => {
  expect(parseBorgVersion(text)).toBe(version);
  expect(isSupportedBorg(version ?? '')).toBe(supported);
});
