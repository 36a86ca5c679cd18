import { createListParser, listEntriesCommand, localRunner, runBorg } from '@cyborgbackup/borg';
import { catalogCommands } from '@cyborgbackup/contracts';
import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import type { CatalogCall } from './listing/entry-recorder.ts';
import { beginListing } from './listing/listing-session.ts';
import { toCatalogEntry } from './catalog-entry.ts';

/* A million small files, listed by borg: `CYBORGBACKUP_LARGE_LISTING=1000000`; it takes some minutes. */

const FILES = Number(process.env['CYBORGBACKUP_LARGE_LISTING'] ?? 0);
const PER_FOLDER = 1_000;
const MAX_GROWTH = 300_000_000;

const run = promisify(execFile);

test.skipIf(FILES === 0)(
  'a listing of very many files takes no more memory than one of a few',
  async () => {
    const folder = await mkdtemp(join(tmpdir(), 'cyborgbackup-large-'));
    const env = {
      ...process.env,
      BORG_BASE_DIR: join(folder, 'base'),
      BORG_UNKNOWN_UNENCRYPTED_REPO_ACCESS_IS_OK: 'yes',
    };
    try {
      await mkdir(join(folder, 'source'));
      const make = `for d in $(seq ${FILES / PER_FOLDER}); do mkdir $d; (cd $d && seq -f 'file %g' ${PER_FOLDER} | tr '\\n' '\\0' | xargs -0 touch); done`;
      await run('sh', ['-c', make], { cwd: join(folder, 'source') });
      const repository = join(folder, 'repository');
      await run('borg', ['init', '-e', 'none', repository], { env });
      await run('borg', ['create', `${repository}::large`, '.'], { env, cwd: join(folder, 'source') });

      let added = 0;
      // What the catalog would answer to a first listing.
      const answers = new Map<string, unknown>([
        [catalogCommands.begin.subject, { series: randomUUID(), first_number: 0, previous_entries: 0 }],
      ]);
      const call: CatalogCall = (rpc, input) => {
        const { data } = catalogCommands.addEntries.input.safeParse(input);
        added += data?.entries.name.length ?? 0;
        return Promise.resolve(rpc.output.parse(answers.get(rpc.subject) ?? { position: '1' }));
      };
      const names = { listing: randomUUID(), job: randomUUID(), repository: randomUUID() };
      const listing = await beginListing(call, { ...names, policy: null, client: null, machine: '' });
      const parser = createListParser();
      const before = process.memoryUsage().rss;
      let most = 0;
      const startedAt = performance.now();
      const { outcome } = await runBorg(localRunner(), {
        argv: listEntriesCommand({ repository, archive: 'large' }),
        passphrase: '',
        env: { BORG_BASE_DIR: join(folder, 'base') },
        onStdout: async (chunk) => {
          for (const entry of parser.push(chunk)) await listing.add(toCatalogEntry(entry));
          most = Math.max(most, process.memoryUsage().rss);
        },
      });
      parser.end();
      const result = await listing.end();
      const seconds = (performance.now() - startedAt) / 1_000;
      process.stderr.write(
        `${result.entries} entries in ${seconds.toFixed(1)} s, ${Math.round((most - before) / 1e6)} MB more\n`,
      );
      expect(outcome).toBe('success');
      expect(result.entries).toBe(FILES + FILES / PER_FOLDER + 1);
      expect(added).toBe(result.entries);
      expect(most - before).toBeLessThan(MAX_GROWTH);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  },
  1_800_000,
);
