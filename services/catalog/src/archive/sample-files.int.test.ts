import { catalogCommands } from '@cyborgbackup/contracts';
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { file, startCatalogHost, type CatalogHost } from '../testing/catalog-host.ts';

describe('a sample of an archive', () => {
  let host: CatalogHost;
  let full: string;
  let sparse: string;
  const odd = 'folder/odd\n\udcff';

  const sample = async (job: string, seed: string, files: number): Promise<readonly string[]> => {
    const { subject, output } = catalogCommands.sample;
    const answer = await host.deps.rpc.call(subject, { job, seed, files }, { schema: output, deadlineMillis: 30_000 });
    return answer.files.map(({ path }) => path);
  };

  beforeAll(async () => {
    host = await startCatalogHost();
    const many = Array.from({ length: 500 }, (_, index) => file(`folder/${index}`, { size: index }));
    full = await host.backUp('full');
    await host.list(full, [file('folder', { type: 'd', mode: 'drwxr-xr-x' }), ...many]);
    sparse = await host.backUp('sparse');
    await host.list(sparse, [
      file('folder', { type: 'd', mode: 'drwxr-xr-x' }),
      file('folder/1', { size: 1 }),
      file('folder/hard', { mode: 'hrw-r--r--', size: 0, target: 'folder/1' }),
      file('folder/soft', { type: 'l', mode: 'lrwxrwxrwx' }),
      file(odd, { size: 3 }),
    ]);
  });
  afterAll(() => host?.[Symbol.asyncDispose]());

  test('picks the same sample for the same seed, and another one for another seed', async () => {
    const first = await sample(full, 'one', 10);
    expect(new Set(first).size).toBe(10);
    expect(await sample(full, 'one', 10)).toEqual(first);
    expect(await sample(full, 'two', 10)).not.toEqual(first);
  });

  test('picks only files, as they are in the archive, however few there are', async () => {
    const { subject, output } = catalogCommands.sample;
    const input = { job: sparse, seed: 'one', files: 10 };
    const { files } = await host.deps.rpc.call(subject, input, { schema: output });
    const mtime = '2026-01-01T00:00:00.000000Z';
    expect(files.toSorted((a, b) => a.size - b.size)).toEqual([
      { path: 'folder/1', size: 1, mtime },
      { path: odd, size: 3, mtime },
    ]);
  });

  test('refuses a sample of an archive that is not safe, whose reason stays until a listing finds it safe', async () => {
    const job = await host.backUp('hostile');
    const unsafeOf = async (): Promise<unknown> => {
      await host.waitForProjection();
      return (await host.rows('select unsafe from catalog.archives where job_uuid = $1', [job]))[0]?.['unsafe'];
    };
    expect(await unsafeOf()).toBeNull();
    for (const unsafe of ['"../x" leaves its folder by "..".', null]) {
      const listing = await host.begin(job);
      await listing.add(file('good', { size: 1 }));
      await listing.end(unsafe);
      expect(await unsafeOf()).toBe(unsafe);
      if (unsafe === null) expect(await sample(job, 'one', 1)).toEqual(['good']);
      else
        await expect(sample(job, 'one', 1)).rejects.toMatchObject({
          code: 'conflict',
          message: expect.stringContaining(unsafe),
        });
    }
  });

  test('refuses a sample of an archive that is not in the catalog', async () => {
    await expect(sample(randomUUID(), 'one', 1)).rejects.toMatchObject({ code: 'conflict' });
  });
});
