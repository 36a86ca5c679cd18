import { expect, it } from 'vitest';
import { createLongestPath } from './folders.ts';

it.each([
  ['letters', 'x'.repeat(4_000)],
  ['letters of two bytes', 'ü'.repeat(2_000)],
  ['bytes that are no UTF-8', '\udcff'.repeat(4_000)],
])('counts %s of paths as bytes, and says which one has no room', (_name, path) => {
  const longest = createLongestPath();
  for (const each of ['short', path, 'another']) longest.add({ path: each });
  expect(longest.room()).toBe(94);
  expect(() => longest.mustFit(`/${'s'.repeat(93)}`)).not.toThrow();
  expect(() => longest.mustFit(`/${'s'.repeat(94)}`)).toThrow(
    /this path would have 4096 bytes below \/s+, and borg makes/,
  );
});
