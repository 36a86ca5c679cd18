import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const LIBRARIES = join(import.meta.dirname, '../..');
const CODE_BLOCK = /^```ts\n(.*?)^```$/gms;

test.each(globSync('*/package.json', { cwd: LIBRARIES }).map((file) => file.split(/[\\/]/)[0]!))(
  'the README of %s quotes its example from a test, where it is compiled and run',
  (library) => {
    const folder = join(LIBRARIES, library);
    const examples = [...readFileSync(join(folder, 'README.md'), 'utf8').matchAll(CODE_BLOCK)].map(([, code]) => code!);
    const [test = ''] = globSync('src/example.*.test.ts', { cwd: folder });
    const tested = readFileSync(join(folder, test), 'utf8');
    expect(examples.length).toBeGreaterThan(0);
    for (const example of examples) expect(tested).toContain(example);
  },
);
