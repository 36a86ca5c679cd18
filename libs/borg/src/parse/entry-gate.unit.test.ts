import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createEntryGate, type GatedEntry } from './entry-gate.ts';

const entry = (path: string, type = '-', hardLinkTo = ''): GatedEntry => ({ path, type, hardLinkTo });

/** What the gate says of each entry. */
const said = (...entries: readonly GatedEntry[]): readonly string[] => {
  const gate = createEntryGate();
  return entries.map(gate.check);
};

describe('the gate of entries', () => {
  it.each([
    ['a/../../../etc/x', /leaves its folder by "\.\."/],
    ['..', /leaves its folder/],
    ['a/..', /leaves its folder/],
    ['/etc/x', /is absolute/],
    ['', /has an empty or "\." component/],
    ['a//b', /has an empty or "\." component/],
    ['a/', /has an empty or "\." component/],
    ['./a', /has an empty or "\." component/],
    ['a/./b', /has an empty or "\." component/],
    ['a\0b', /has a NUL/],
  ])('refuses the path %j', (path, reason) => {
    expect(said(entry(path))).toEqual([expect.stringMatching(reason)]);
    expect(said(entry('ok'), entry('hard', '-', path || '/'))).toEqual([
      '',
      expect.stringMatching(/^"hard" is a hard link/),
    ]);
  });

  it.each(['a', '.hidden/..x/...', 'a b/\n', 'odd \udcff', '-rf', 'a/b/c/d', '~', 'C:\\x', '..a/a..'])(
    'passes the path %j',
    (path) => expect(said(entry(path))).toEqual(['']),
  );

  it('passes the root folder itself, and refuses anything else of its name', () => {
    expect(said(entry('.', 'd'), entry('.', 'l'))).toEqual(['', expect.stringMatching(/component/)]);
  });

  it.each([
    ['l', 'symbolic link'],
    ['-', 'file'],
    ['c', 'device, pipe or socket'],
  ])('refuses what is below an entry of type %s, and in the other order that entry', (type, name) => {
    const [above, inside] = [entry('src/d', type), entry('src/d/e/f')];
    expect(said(above, inside)).toEqual(['', `"src/d/e/f" is below the ${name} "src/d"`]);
    expect(said(inside, above)).toEqual(['', `"src/d" is a ${name}, and a folder at the same path before`]);
    expect(said(entry('src/d', 'd'), inside, entry('src/d', 'd'))).toEqual(['', '', '']);
  });

  it('refuses two types at one path', () => {
    expect(said(entry('x'), entry('x', 'l'))).toEqual(['', expect.stringMatching(/is a symbolic link, and a file/)]);
    expect(said(entry('x', 'd'), entry('x', 'l'))).toEqual(['', expect.stringMatching(/and a folder at the same/)]);
  });

  it('counts paths that come again as what they were', () => {
    const gate = createEntryGate();
    for (const path of ['a', 'b', 'a', 'c', 'a']) expect(gate.check(entry(path))).toBe('');
    expect([...gate.repeated]).toEqual([['a', 3]]);
  });

  it('refuses hard links that lead through a symbolic link or to one', () => {
    expect(said(entry('d', 'l'), entry('h', '-', 'd/shadow'), entry('i', '-', 'd'))).toEqual([
      '',
      expect.stringMatching(/target "d\/shadow" is below the symbolic link "d"/),
      expect.stringMatching(/is a hard link to the symbolic link "d"/),
    ]);
    // Borg writes the name of a hard link's target with a question mark for each byte that is not UTF-8.
    expect(said(entry('d\udcff', 'l'), entry('h', '-', 'd?/shadow'))[1]).toMatch(/below the symbolic link/);
    expect(said(entry('master'), entry('h', '-', 'master'), entry('i', '-', 'not/selected'))).toEqual(['', '', '']);
  });

  it('refuses a root folder that claims to be a hard link', () => {
    expect(said(entry('.', 'd'), entry('.', 'd', '/etc'))).toEqual([
      '',
      expect.stringMatching(/^"\." has an empty or/),
    ]);
  });

  it('quotes a path on one line and not at any length', () => {
    const [text = ''] = said(entry(`../\n\u009b${'x'.repeat(10_000)}`));
    expect(text).toMatch(/^"\.\.\/\\n\?x+…" leaves its folder/);
    expect(text.length).toBeLessThan(300);
  });
});

/** Few names, so that paths meet. */
const component = fc.constantFrom('a', 'b', 'c', 'd', '', '.', '..', '\udcff');
const anyPath = fc.array(component, { minLength: 1, maxLength: 5 }).map((parts) => parts.join('/'));
const anyEntry = fc.record({
  path: anyPath,
  type: fc.constantFrom('-', '-', 'd', 'l', 'p'),
  hardLinkTo: fc.oneof({ weight: 4, arbitrary: fc.constant('') }, { weight: 1, arbitrary: anyPath }),
});
const anyArchive = fc.array(anyEntry, { maxLength: 40 });

const safeOf = (archive: readonly GatedEntry[]): readonly GatedEntry[] => {
  const gate = createEntryGate();
  return archive.filter((one) => gate.check(one) === '');
};

const isBelow = (path: string, above: string): boolean => path.startsWith(`${above}/`);

describe('what passes the gate', () => {
  it('never leaves its folder, however it is made', () => {
    fc.assert(
      fc.property(anyArchive, (archive) => {
        for (const { path, type, hardLinkTo } of safeOf(archive)) {
          for (const one of [path, hardLinkTo].filter((text) => text !== '' && !(text === '.' && type === 'd'))) {
            expect(one.split('/').some((part) => ['', '.', '..'].includes(part))).toBe(false);
          }
        }
      }),
    );
  });

  it('has nothing below something that is no folder, and one type at each path, in any order', () => {
    fc.assert(
      fc.property(anyArchive, (archive) => {
        const safe = safeOf(archive);
        for (const one of safe) {
          for (const other of safe) {
            if (one.type !== 'd') expect(isBelow(other.path, one.path)).toBe(false);
            if (one.path === other.path) expect(other.type).toBe(one.type);
          }
        }
      }),
    );
  });

  it('is all of an archive that breaks no rule', () => {
    const wellFormed = fc.uniqueArray(
      fc
        .array(fc.constantFrom('a', 'b', '..c', 'd\udcff'), { minLength: 1, maxLength: 6 })
        .map((parts) => parts.join('/')),
      { maxLength: 60 },
    );
    fc.assert(
      fc.property(wellFormed, (paths) => {
        const archive = paths.map((path) => entry(path, paths.some((other) => isBelow(other, path)) ? 'd' : '-'));
        expect(safeOf(archive)).toEqual(archive);
      }),
    );
  });

  it('takes an entry of a type that it does not know for one that has nothing below it', () => {
    const gate = createEntryGate();
    expect(gate.check(entry('a', 'constructor'))).toBe('');
    expect(gate.check(entry('a/b'))).toMatch(/is below the device, pipe or socket "a"/);
  });

  it('is the same whatever the size of the table', () => {
    const gate = createEntryGate();
    const paths = Array.from({ length: 40_000 }, (_, index) => `f${index % 97}/g${index % 13}/${index}`);
    for (const path of paths) expect(gate.check(entry(path))).toBe('');
    for (const path of paths.slice(0, 1_000))
      expect(gate.check(entry(path, 'l'))).toMatch(/and a file at the same path/);
    expect(gate.repeated.size).toBe(0);
  });
});
