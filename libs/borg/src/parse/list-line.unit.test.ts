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

test('an entry of a JSON listing is read with all its fields', () => {
  expect(parseListLine(LINE)).toEqual(ENTRY);
});

test.each([
  [
    'an owner without a name is given by number',
    { user: 1000, group: 1001, uid: 1000, gid: 1001 },
    { user: '1000', group: '1001', uid: 1000, gid: 1001 },
  ],
  [
    'a symbolic link has a target',
    { type: 'l', mode: 'lrwxrwxrwx', linktarget: 'a b' },
    { type: 'l', mode: 'lrwxrwxrwx', linkTarget: 'a b' },
  ],
  [
    'a link target is found under its later name too',
    { linktarget: undefined, source: undefined, target: 'x' },
    { linkTarget: 'x' },
  ],
  [
    'a time with an offset is converted to UTC',
    { mtime: '2026-11-23T13:32:59.771+01:00' },
    { mtime: '2026-11-23T12:32:59.771Z' },
  ],
  ['a time of whole seconds is read', { mtime: '2017-02-27T12:27:20' }, { mtime: '2017-02-27T12:27:20Z' }],
  ['a file with missing parts is marked as not healthy', { healthy: false }, { healthy: false }],
  ['a size beyond 2^53 is read as 0', { size: 2 ** 60 }, { size: 0 }],
  ['a size below 2^53 is read exactly', { size: 2 ** 52 }, { size: 2 ** 52 }],
  ['escaped bytes of a path are kept', { path: 'caf\udce9' }, { path: 'caf\udce9' }],
])('%s', (_name, fields, expected) => {
  expect(changed(fields)).toEqual({ ...ENTRY, ...expected });
});

test.each(['', 'Welcome to web', '{', '{"path": "x"}', '{"mtime": "2017-02-27T12:27:20"}', '[]', 'null'])(
  '%j is not taken for an entry',
  (text) => {
    expect(parseListLine(text)).toBeUndefined();
  },
);
