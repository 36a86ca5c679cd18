import { expect, it } from 'vitest';
import { lockPath } from './lock-path.ts';

it.each([
  ['Failed to create/acquire the lock /srv/repo/lock.exclusive (timeout).', '/srv/repo/lock'],
  ['Remote: Failed to create/acquire the lock /srv/a lock /b/lock.roster (timeout).', '/srv/a lock /b/lock'],
  ['Failed to create/acquire the lock /srv/repo/lock (timeout).', '/srv/repo/lock'],
  ['Repository /srv/repo does not exist.', undefined],
])('finds the lock in %s', (message, path) => {
  expect(lockPath(message)).toBe(path);
});

it('takes no time over messages that repeat what it looks for', () => {
  const before = process.cpuUsage();
  for (let message = 0; message < 200; message += 1) lockPath('lock /'.repeat(1_300));
  expect(process.cpuUsage(before).user / 1e6).toBeLessThan(1);
});
