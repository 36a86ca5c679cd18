import { expect, test } from 'vitest';
import type { BorgLogMessage } from './log-line.ts';
import { createMissingSources } from './missing-sources.ts';

const warning = (message: string): BorgLogMessage => ({
  type: 'log_message',
  level: 'warning',
  msgid: '',
  logger: 'borg.archiver',
  message,
});

test('only configured sources are collected as missing, in the wording of borg 1.2 and 1.4', () => {
  const missing = createMissingSources(['/a/', './rel', '/has: colon', '/fine']);
  missing.see(warning("/a: [Errno 2] No such file or directory: 'a'"));
  missing.see(warning("rel: stat: [Errno 2] No such file or directory: 'rel'"));
  missing.see(warning("/has: colon: open: [Errno 2] No such file or directory: 'x'"));
  missing.see(warning("/fine/vanished: [Errno 2] No such file or directory: 'vanished'"));
  missing.see(warning('/fine: file changed while we backed it up'));
  expect(missing.found()).toEqual(['/a/', './rel', '/has: colon']);
});
