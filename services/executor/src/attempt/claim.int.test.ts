import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it, vi } from 'vitest';
import { JOB_MARKER } from '../endpoints/job-processes.ts';
import { startExecutor } from '../start.ts';
import { CONFIG } from '../testing/job-fixtures.ts';
import { startJobSite } from '../testing/job-site.ts';
import { startWire } from '../testing/wire.ts';

const runsSomething = async (job: string): Promise<boolean> => {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const environs = await Promise.all(pids.map((pid) => readFile(`/proc/${pid}/environ`, 'utf8').catch(() => '')));
  return environs.some((environ) => environ.includes(`${JOB_MARKER}=${job}`));
};

it('starts neither borg nor the posthook when it has lost the job without noticing', async () => {
  await using site = await startJobSite();
  await using wire = await startWire(site.test.databaseUrl);
  await site.executor.stop();
  site.executor = await startExecutor(await site.test.connect('cut-off', { databaseUrl: wire.url }), CONFIG);

  await writeFile(join(site.folder, 'source', 'file'), 'file');
  const [log, go] = [join(site.folder, 'hooks.log'), join(site.folder, 'go')];
  const note = (name: string): string => `echo ${name} $CYBORGBACKUP_ATTEMPT >>${log}`;
  const prehook = `${note('pre')}; until [ -e ${go} ]; do sleep 0.1; done`;
  const one = await site.start({ prehook, posthook: note('post') });
  await vi.waitUntil(() => existsSync(log), 20_000);

  wire.cut();
  await site.append(
    `job-${one.job}`,
    {
      type: 'job-attempt-lost',
      data: { job: one.job, attempt: 1, reason: 'not heard of', transport: false, pause: null },
    },
    { type: 'job-started', data: { ...one, attempt: 2, executor: randomUUID() } },
  );
  await writeFile(go, '');
  while (await runsSomething(one.job)) await sleep(20);
  // Borg would be started at once.
  for (let look = 0; look < 50; look += 1) {
    expect(await runsSomething(one.job)).toBe(false);
    await sleep(40);
  }
  expect(await site.archives()).toEqual([]);

  wire.mend();
  expect(await site.ended(one)).toMatchObject({ status: 'successful', attempt: 3 });
  expect(await readFile(log, 'utf8')).toBe('pre 1\npre 3\npost 3\n');
  await site.executor.stop();
});
