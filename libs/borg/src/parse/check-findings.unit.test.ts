import { expect, it } from 'vitest';
import { createCheckFindings } from './check-findings.ts';
import type { BorgLogMessage } from './log-line.ts';

const said = (message: string, level: BorgLogMessage['level'] = 'info'): BorgLogMessage => ({
  type: 'log_message',
  level,
  logger: 'borg.archive',
  msgid: '',
  message,
});

it('counts all damage that a host reports, and keeps as much of its names as is bounded', () => {
  const { add, findings } = createCheckFindings();
  add(said(`Analyzing archive ${'a'.repeat(60_000)} (1/2)`));
  add(said('Broken.', 'error'));
  add(said('Analyzing archive b (2/2)'));
  for (let file = 0; file < 900; file += 1) {
    add(said(`b: ${file}${'x'.repeat(60_000)}: New missing file chunk detected (Byte 0-1).`, 'error'));
  }
  const { damagedArchives, damagedFiles, damagedFileCount } = findings();
  expect([damagedArchives, damagedFileCount]).toEqual([['b'], 900]);
  expect(damagedFiles.reduce((sum, { path }) => sum + path.length, 0)).toBeLessThan(4_200_000);
});
