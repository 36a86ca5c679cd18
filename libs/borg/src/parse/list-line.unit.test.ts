import { expect, test } from 'vitest';
import { parseListLine } from './list-line.ts';

// As borg 1.2.4 wrote it, run with TZ=UTC.
const LINE =
  '{"type": "-", "mode": "-rw-r--r--", "user": "root", "group": "root", "uid": 0, "gid": 0, "path": "tmp/src/-we ird\\n\\"\'", "healthy": true, "source": "", "linktarget": "", "flags": 0, "mtime": "2026-11-23T12:32:59.771807", "size": 4}';

const ENTRY = {
  type: '-',
  mode: '-rw-r--r--',
  user: 'root',
  group: 'root',
  uid: 0,
  gid: 0,
  path: 'tmp/src/-we ird\n"\'',
  size: 4,
  mtime: '2026-11-23T12:32:59.771807Z',
  linkTarget: '',
  healthy: true,
};

const changed = (fields: object): unknown =>
  parseListLine(JSON.stringify({ ...(JSON.parse(LINE) as object), ...fields }));

test('an entry is read with all its fields', () => {
  expect(parseListLine(LINE)).toEqual(ENTRY);
});

test.each([
  [
    'an unknown owner is given by number',
    { user: 1000, group: 1001, uid: 1000, gid: 1001 },
    { user: '1000', group: '1001', uid: 1000, gid: 1001 },
  ],
  [
    'a symbolic link has a target',
    { type: 'l', mode: 'lrwxrwxrwx', linktarget: 'a b' },
    { type: 'l', mode: 'lrwxrwxrwx', linkTarget: 'a b' },
  ],
  ['later versions call it target', { linktarget: undefined, source: undefined, target: 'x' }, { linkTarget: 'x' }],
  [
    'times with an offset are UTC afterwards',
    { mtime: '2026-11-23T13:32:59.771+01:00' },
    { mtime: '2026-11-23T12:32:59.771Z' },
  ],
  ['times of whole seconds', { mtime: '2017-02-27T12:27:20' }, { mtime: '2017-02-27T12:27:20Z' }],
  ['broken files', { healthy: false }, { healthy: false }],
  ['sizes beyond what numbers hold', { size: 2 ** 60 }, { size: 0 }],
  ['large sizes', { size: 2 ** 52 }, { size: 2 ** 52 }],
  ['escaped bytes', { path: 'caf\udce9' }, { path: 'caf\udce9' }],
])('%s', (_name, fields, expected) => {
  expect(changed(fields)).toEqual({ ...ENTRY, ...expected });
});

test.each(['', 'Welcome to web', '{', '{"path": "x"}', '{"mtime": "2017-02-27T12:27:20"}', '[]', 'null'])(
  '%j is no entry',
  (text) => {
    expect(parseListLine(text)).toBeUndefined();
  },
);
