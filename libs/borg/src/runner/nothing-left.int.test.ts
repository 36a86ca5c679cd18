import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createPushSite, initialise, PASSPHRASE } from '../testing/borg-site.ts';
import { createCommand } from '../commands/create.ts';
import { createForwardedAgent } from '../agent/forwarded-agent.ts';
import { knownHostsLine } from '../ssh/host-key.ts';
import { runBorg } from './run-borg.ts';
import { sshRunner } from './ssh-runner.ts';
import { processesWith, readIfPresent, until } from '../testing/test-host.ts';
import { startTcpProxy } from '../testing/tcp-proxy.ts';

let site: Awaited<ReturnType<typeof createPushSite>>;
beforeAll(async () => {
  site = await createPushSite();
  await initialise(site);
});
afterAll(() => site[Symbol.asyncDispose]());

/** What a borg of ours made on its host: its private folder and the forwarded agent's socket. */
const pathsOf = (pid: number): string[] => {
  const environ = readIfPresent(`/proc/${pid}/environ`);
  const folder = /-E (\/tmp\/cyborgbackup\.[^/]+)\//.exec(environ)?.[1];
  const socket = /SSH_AUTH_SOCK=(\/[^\0]+)/.exec(environ)?.[1];
  return [folder, socket].flatMap((path) => path ?? []);
};

test.each(['success', 'failure', 'abort', 'lost executor'])(
  'after %s no process, socket or folder of the job is left on the client',
  async (ending) => {
    await using proxy = await startTcpProxy(site.client.sshd.port);
    const { host, port, user, hostKey } = site.server.sshd;
    const [type = '', base64 = ''] = hostKey.publicKeyLine.split(' ');
    const { privateKey } = site.server.key;
    const agent = createForwardedAgent(() => [{ privateKey, destination: { user, hostKeys: [base64] } }]);
    const session = await site.client.connect({ port: proxy.port, agent });
    const job = randomUUID();
    const begun = `${site.dir}/begun-${job}`;
    const script = `echo $PPID >${begun}.new; mv ${begun}.new ${begun}; while [ ! -e ${begun}.go ]; do echo data; sleep 0.05; done; exit ${ending === 'success' ? 0 : 3}`;
    const abort = new AbortController();
    const run = runBorg(sshRunner(session), {
      argv: createCommand({
        repository: site.repository,
        archive: job,
        source: { command: ['sh', '-c', script], name: 'x' },
      }),
      passphrase: PASSPHRASE,
      input: 'a database password',
      knownHosts: [knownHostsLine(host, port, { type, base64 })],
      forwardAgent: true,
      signal: abort.signal,
      env: { ...site.env, CYBORGBACKUP_JOB_MARK: job },
    });
    void run.catch(() => undefined);
    await until('borg is at work', () => existsSync(begun));
    const paths = pathsOf(Number(readIfPresent(begun)));
    expect(paths).toHaveLength(2);
    for (const path of paths) expect(existsSync(path)).toBe(true);
    for (const secret of [PASSPHRASE, 'a database password']) {
      expect(processesWith('cmdline', secret)).toEqual([]);
      expect(processesWith('environ', secret)).toEqual([]);
    }
    expect(processesWith('environ', job)).not.toEqual([]);
    if (ending === 'abort') abort.abort();
    else if (ending === 'lost executor') proxy.cut();
    else await writeFile(`${begun}.go`, '');
    const outcome = await run.then(
      (result) => result.outcome,
      (error: unknown) => String(error),
    );
    expect(outcome).toMatch({ success: /^success/, failure: /^error/, abort: /^aborted/ }[ending] ?? /was lost/);
    await session.close();
    for (const path of paths) await until(`${path} is gone`, () => !existsSync(path));
    await until('its processes are gone', () => processesWith('environ', job).length === 0);
  },
);
