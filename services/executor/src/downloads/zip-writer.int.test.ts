import fc from 'fast-check';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createZipWriter, type ZipWriter } from './zip-writer.ts';

const FILE = 0o100644;
const MTIME = Date.UTC(2026, 0, 2, 3, 4, 6) / 1000;
/** Names, contents in hex and times, of all entries. */
const READ = `import sys, json, zipfile
z = zipfile.ZipFile(sys.argv[1])
assert z.testzip() is None
print(json.dumps([[i.filename, z.read(i).hex(), list(i.date_time), i.flag_bits] for i in z.infolist()]))`;

describe('a zip', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'zip-writer-'));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  const write = async (fill: (zip: ZipWriter) => Promise<void>): Promise<string> => {
    const parts: Buffer[] = [];
    const zip = createZipWriter((bytes) => Promise.resolve(void parts.push(bytes)));
    await fill(zip);
    await zip.finish('');
    const file = join(folder, 'test.zip');
    writeFileSync(file, Buffer.concat(parts));
    return file;
  };
  const read = (file: string): unknown =>
    JSON.parse(execFileSync('python3', ['-c', READ, file], { encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 }));

  it('a zip can be read by other programs, whatever its contents are', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(
          fc.tuple(fc.stringMatching(/^[a-zäß€😀 ._-]{1,20}$/u), fc.array(fc.uint8Array({ maxLength: 400 }))),
          {
            selector: ([name]) => name,
            maxLength: 8,
          },
        ),
        async (files) => {
          const file = await write(async (zip) => {
            for (const [name, chunks] of files) {
              const item = { name: Buffer.from(name), mode: FILE, mtime: MTIME };
              await zip.begin(item, 1);
              for (const chunk of chunks) await zip.data(Buffer.from(chunk));
              await zip.end();
            }
          });
          expect(read(file)).toEqual(
            files.map(([name, chunks]) => [
              name,
              Buffer.concat(chunks).toString('hex'),
              [2026, 1, 2, 3, 4, 6],
              expect.any(Number) as unknown,
            ]),
          );
        },
      ),
      { numRuns: 8 },
    );
  });

  it('a zip has 64-bit sizes, and more entries than 16 bits can count', async () => {
    const many = 70_000;
    const file = await write(async (zip) => {
      // What is said to be large has 64-bit sizes, however much there is.
      await zip.begin({ name: Buffer.from('large'), mode: FILE, mtime: MTIME }, 5_000_000_000);
      await zip.data(Buffer.from('small'));
      await zip.end();
      for (let index = 1; index < many; index += 1) {
        await zip.add({ name: Buffer.from(`f${index}`), mode: FILE, mtime: -1 }, Buffer.from('x'));
      }
    });
    const script = `import sys, json, zipfile
z = zipfile.ZipFile(sys.argv[1])
l = z.infolist()
print(json.dumps([len(l), l[0].filename, z.read(l[0]).decode(), l[-1].filename, list(l[-1].date_time), l[-1].flag_bits]))`;
    const shown = JSON.parse(execFileSync('python3', ['-c', script, file], { encoding: 'utf8' })) as unknown;
    expect(shown).toEqual([many, 'large', 'small', `f${many - 1}`, [1980, 1, 1, 0, 0, 0], 1 << 11]);
    execFileSync('unzip', ['-tq', file]);
  });

  it('fails when its receiver fails', async () => {
    const zip = createZipWriter(() => Promise.reject(new Error('gone')));
    await expect(zip.add({ name: Buffer.from('a'), mode: FILE, mtime: 0 })).rejects.toThrow('gone');
    let written = 0;
    const later = createZipWriter((bytes) => {
      written += bytes.length;
      return written > 1_000 ? Promise.reject(new Error('gone')) : Promise.resolve();
    });
    const fill = async (): Promise<void> => {
      await later.begin({ name: Buffer.from('a'), mode: FILE, mtime: 0 }, 10_000_000);
      for (let index = 0; index < 100; index += 1)
        await later.data(Buffer.from(Array.from({ length: 50_000 }, Math.random)));
      await later.end();
    };
    await expect(fill()).rejects.toThrow('gone');
    later.close();
  });
});
