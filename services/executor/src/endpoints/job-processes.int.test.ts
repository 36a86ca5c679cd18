import { localRunner } from '@cyborgbackup/borg';
import { spawn, type ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { expect, test } from 'vitest';
import { endLeftoverProcesses, JOB_MARKER } from './job-processes.ts';

const start = async (script: string, job?: string): Promise<ChildProcess> => {
  const child = spawn('sh', ['-c', `${script}; echo ready; while :; do sleep 0.1; done`], {
    env: { ...process.env, ...(job === undefined ? {} : { [JOB_MARKER]: job }) },
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  await once(child.stdout, 'data');
  return child;
};

test('ends every process of the job, the stubborn ones by KILL, and no other process', async () => {
  const [job, otherJob] = [randomUUID(), randomUUID()];
  const gentle = await start(':', job);
  const stubborn = await start('trap "" TERM', job);
  const served = spawn('sh', ['-c', 'sleep 60; :', 'serve', `--debug-topic=repository.${JOB_MARKER}=${job}`]);
  const bystanders = [await start(':'), await start(':', otherJob)];
  const ends = [gentle, stubborn, served].map((child) => once(child, 'exit'));
  const begun = Date.now();
  expect(await endLeftoverProcesses(localRunner(), job)).toBeGreaterThanOrEqual(3);
  expect(Date.now() - begun).toBeGreaterThan(4000);
  await Promise.all(ends);
  expect([gentle, stubborn, served].map(({ signalCode }) => signalCode)).toEqual(['SIGTERM', 'SIGKILL', 'SIGTERM']);
  for (const child of bystanders) expect(child.exitCode ?? child.signalCode).toBeNull();
  expect(await endLeftoverProcesses(localRunner(), job)).toBe(0);
  for (const child of bystanders) {
    child.kill();
    await once(child, 'exit');
  }
});
