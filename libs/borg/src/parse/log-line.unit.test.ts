import { expect, test } from 'vitest';
import { parseLogLine } from './log-line.ts';

const parse = (text: string): unknown => parseLogLine({ text, cut: false });

// Lines as borg 1.2.4 and 1.4.0 wrote them.
test.each([
  [
    '{"original_size": 12, "compressed_size": 55, "deduplicated_size": 55, "nfiles": 3, "path": "dump.sql", "time": 1795437181.7932894, "type": "archive_progress", "finished": false}',
    {
      type: 'archive_progress',
      originalSize: 12,
      compressedSize: 55,
      deduplicatedSize: 55,
      files: 3,
      path: 'dump.sql',
      finished: false,
    },
  ],
  [
    '{"time": 1795437180.7470047, "type": "archive_progress", "finished": true}',
    {
      type: 'archive_progress',
      originalSize: 0,
      compressedSize: 0,
      deduplicatedSize: 0,
      files: 0,
      path: '',
      finished: true,
    },
  ],
  [
    '{"message": "Remote: Compacting segments  40%", "current": 7, "total": 15, "info": null, "operation": 1, "msgid": "repository.compact_segments", "type": "progress_percent", "finished": false, "time": 1795437189.875295}',
    {
      type: 'progress_percent',
      msgid: 'repository.compact_segments',
      message: 'Remote: Compacting segments  40%',
      current: 7,
      total: 15,
      finished: false,
    },
  ],
  [
    '{"operation": 2, "msgid": "cache.commit", "type": "progress_message", "finished": true, "time": 1795437180.7602754}',
    { type: 'progress_message', msgid: 'cache.commit', message: '', current: 0, total: 0, finished: true },
  ],
  [
    '{"type": "file_status", "status": "A", "path": "/tmp/src/-we ird\\n\\"\'"}',
    { type: 'file_status', status: 'A', path: '/tmp/src/-we ird\n"\'' },
  ],
  [
    '{"type": "log_message", "time": 1795437067.522296, "message": "Connection closed by remote host. Is borg working on the server?", "levelname": "ERROR", "name": "borg.archiver", "msgid": "ConnectionClosedWithHint"}',
    {
      type: 'log_message',
      level: 'error',
      msgid: 'ConnectionClosedWithHint',
      message: 'Connection closed by remote host. Is borg working on the server?',
      logger: 'borg.archiver',
      at: '2026-11-23T12:31:07.522Z',
    },
  ],
  [
    '{"type": "log_message", "time": 1795437067, "message": "/x/caf\\udce9: [Errno 2] No such file", "levelname": "WARNING", "name": "borg.archiver"}',
    {
      type: 'log_message',
      level: 'warning',
      msgid: '',
      message: '/x/caf\udce9: [Errno 2] No such file',
      logger: 'borg.archiver',
      at: '2026-11-23T12:31:07.000Z',
    },
  ],
  [
    'Enter passphrase for key /srv/repo: {"type": "log_message", "time": 1795437067, "message": "can not acquire a passphrase: x", "levelname": "ERROR", "name": "borg.archiver", "msgid": "NoPassphraseFailure"}',
    {
      type: 'log_message',
      level: 'error',
      msgid: 'NoPassphraseFailure',
      message: 'can not acquire a passphrase: x',
      logger: 'borg.archiver',
      at: '2026-11-23T12:31:07.000Z',
    },
  ],
  [
    '{"type": "question_prompt", "msgid": "BORG_CHECK_I_KNOW_WHAT_I_AM_DOING", "message": "This is a potentially dangerous function."}',
    {
      type: 'log_message',
      level: 'warning',
      msgid: 'BORG_CHECK_I_KNOW_WHAT_I_AM_DOING',
      message: 'This is a potentially dangerous function.',
      logger: 'borg.question',
    },
  ],
  [
    'root@127.0.0.1: Permission denied (publickey).',
    {
      type: 'log_message',
      level: 'warning',
      msgid: '',
      message: 'root@127.0.0.1: Permission denied (publickey).',
      logger: '',
    },
  ],
  [
    '{"type": "log_message", "message": "cut',
    {
      type: 'log_message',
      level: 'warning',
      msgid: '',
      message: '{"type": "log_message", "message": "cut',
      logger: '',
    },
  ],
  [
    '{"type": "something new"}',
    { type: 'log_message', level: 'warning', msgid: '', message: '{"type": "something new"}', logger: '' },
  ],
  ['[1]', { type: 'log_message', level: 'warning', msgid: '', message: '[1]', logger: '' }],
])('reads the line %s', (text, expected) => {
  expect(parse(text)).toEqual(expected);
});

test.each(['__proto__', 'constructor', 'valueOf', 'toString', '__defineGetter__'])(
  'a line of the type %s, which every object has, is a message like any other',
  (type) => {
    const text = `{"type": "${type}", "current": {}}`;
    expect(parse(text)).toEqual({ type: 'log_message', level: 'warning', msgid: '', message: text, logger: '' });
  },
);
