import { MAX_CLOCK_DIFFERENCE_SETTING, SETTINGS_STREAM } from '@cyborgbackup/contracts';
import { randomBytes, randomUUID } from 'node:crypto';
import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startJobSite, type EndedJob, type JobSite, type JobSketch } from '../../testing/job-site.ts';

let site: JobSite;

beforeAll(async () => {
  site = await startJobSite();
});

afterAll(() => site[Symbol.asyncDispose]());

const piped = (command: string, sketch: JobSketch = {}): Promise<EndedJob> =>
  site.runJob({
    variables: { command },
    ...sketch,
    // Each of a series of its own, or the guard against shrinking would compare them.
    policy: { uuid: randomUUID(), policy_type: 'piped', ...sketch.policy },
  });

const contents = async (ended: EndedJob): Promise<string> => {
  const { name } = ended.end['archive'] as { name: string };
  return site.borg('extract', '--stdout', `::${name}`);
};

describe.each([false, true])("a backup of a command's output with mode_pull %s", (mode_pull) => {
  const policy = { mode_pull };

  it('the output of a command is archived', async () => {
    const ended = await piped(`printf '%s\\n' "it's" "$((1 + 1))" | tr a-z A-Z`, { policy });
    expect(ended).toMatchObject({ status: 'successful', end: { archive: { files: 1 } } });
    expect(await contents(ended)).toBe("IT'S\n2\n");
  });

  it('fails when a part of a pipeline dies, and keeps nothing', async () => {
    const archives = await site.archives();
    const ended = await piped('sh -c "head -c 3000000 /dev/urandom; kill -9 \\$\\$" | cat', { policy });
    expect(ended).toMatchObject({ status: 'failed', reason: expect.stringMatching(/command to back up failed/) });
    expect(await site.archives()).toEqual(archives);
  });

  it('a piped command is in no process list and not in the archive', async () => {
    const word = `word-${randomBytes(8).toString('hex')}`;
    const probe = `: ${word}; for p in /proc/[0-9]*; do tr '\\0' ' ' <$p/cmdline 2>/dev/null; echo; done`;
    const ended = await piped(probe, { policy });
    expect(ended.status).toBe('successful');
    expect(await contents(ended)).not.toContain(word);
    expect(await site.borg('info', '--json', '--last', '1')).not.toContain(word);
  });
});

it('fails for an empty dump, unless that is allowed', async () => {
  expect(await piped('true')).toMatchObject({ status: 'failed', reason: expect.stringMatching(/empty/) });
  expect(await piped('true', { policy: { shrink_limit: null } })).toMatchObject({ status: 'successful' });
});

it('removes the unfinished archive of a long dump that died', async () => {
  const archives = await site.archives();
  const variables = {
    command: 'for i in 1 2 3; do head -c 9000000 /dev/urandom; sleep 1; done; exit 3',
    checkpoint_interval: 1,
  };
  const ended = await piped('', { variables });
  expect(ended.status).toBe('failed');
  expect(await site.archives()).toEqual(archives);
});

it("passes a password of the variables to the dump, and redacts it in the dump's messages", async () => {
  const folder = join(site.folder, 'bin');
  await mkdir(folder);
  const seen = join(folder, 'seen');
  // Of the last line, a reason shows the first three hundred characters.
  const stand_in = `#!/bin/sh
    cat /dev/stdin >${seen}
    password=$(sed -n 's/^password="\\(.*\\)"/\\1/p' ${seen})
    echo "said $password" >&2
    echo dump
    case $* in *broken*) printf '%0280d --password=%s\\n' 0 "$password" >&2; exit 2 ;; esac`;
  await writeFile(join(folder, 'mariadb-dump'), stand_in);
  await chmod(join(folder, 'mariadb-dump'), 0o755);
  await using local = await startJobSite({ clientPath: folder });
  const password = 'open sesame';
  const dump = (name: string): Promise<EndedJob> =>
    local.runJob({
      policy: { policy_type: 'mysql' },
      variables: { user: 'backup', password, databases: [name] },
    });
  const whole = await dump('whole');
  expect(whole).toMatchObject({ status: 'successful' });
  expect(await readFile(seen, 'utf8')).toBe('[client]\nuser="backup"\npassword="open sesame"\n');
  expect(await local.output(whole.job)).toMatch(/said \[redacted\]/);
  const broken = await dump('broken');
  expect(broken).toMatchObject({
    status: 'failed',
    reason: expect.stringMatching(/It said: 0+ --password=\[redacte$/),
    end: { warnings: ['said [redacted]', expect.stringMatching(/0 --password=\[redacted\]$/)] },
  });
  const recorded = [...whole.events, ...broken.events].map(({ data }) => data);
  expect(JSON.stringify([recorded, await local.lines(broken.job)])).not.toMatch(/open|sesame/);
});

it('retries a dump that its host ended after the connection was lost', async () => {
  const folder = join(site.folder, 'fast');
  await mkdir(folder);
  // The client's clock for our silence runs faster than we make ourselves heard.
  const stand_in = `#!/bin/sh\n[ "$1" != 5 ] || set -- 0.2\nexec /bin/sleep "$@"\n`;
  await writeFile(join(folder, 'sleep'), stand_in);
  await chmod(join(folder, 'sleep'), 0o755);
  await using local = await startJobSite({ clientPath: folder });
  const { job } = await local.start({ policy: { policy_type: 'piped' }, variables: { command: 'sleep 60' } });
  const { data } = await local.event(job, 'job-attempt-lost');
  expect(data).toMatchObject({ transport: true, reason: expect.stringMatching(/heard nothing from this executor/) });
});

it('tells how far the clock of a client is off, and refuses more than the setting allows', async () => {
  const folder = join(site.folder, 'clock');
  await mkdir(folder);
  await writeFile(join(folder, 'date'), `#!/bin/sh\necho $(($(/bin/date +%s) + 7200))\n`);
  await chmod(join(folder, 'date'), 0o755);
  await using local = await startJobSite({ clientPath: folder });
  const dump = { policy: { policy_type: 'piped' }, variables: { command: 'echo dump' } };
  const told = await local.runJob(dump);
  expect(told).toMatchObject({ status: 'successful' });
  expect(await local.output(told.job)).toMatch(/The clock of \S+ is 7(199|200) s ahead of the control plane's: .*NTP/);
  const setting = { key: MAX_CLOCK_DIFFERENCE_SETTING, value: '3600' };
  await local.append(SETTINGS_STREAM, { type: 'setting-changed', data: setting });
  expect(await local.runJob(dump)).toMatchObject({
    status: 'failed',
    reason: expect.stringMatching(/and the setting cyborgbackup_max_clock_difference allows 3600 s\. Set its clock/),
  });
});
