import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { createStage, within, type Stage } from '../testing/scheduler-stage.ts';
import { checkGrants, checkReplay, leaderIs } from '../testing/stage-checks.ts';
import { somePolicy } from '../testing/policy-fixture.ts';
import { schedulerCommands } from '@cyborgbackup/contracts';
import { loseEvents } from '@cyborgbackup/testkit';

describe('two schedulers', () => {
  let stage: Stage;
  beforeAll(async () => {
    stage = await createStage();
  });
  afterAll(() => stage?.[Symbol.asyncDispose]());

  const launch = async (id: number): Promise<string> => {
    const run = randomUUID();
    const { subject, output } = schedulerCommands.launch;
    await stage.deps.rpc.call(subject, { policy: id, run, extra_vars: null }, { schema: output });
    return run;
  };

  const holdBackup = (id: number): (() => void) => {
    stage.policies.set(id, somePolicy(id, { clientCount: 2, catalog_enabled: false, auto_prune: false }));
    const gate = Promise.withResolvers<void>();
    stage.executor.orders.set(`Backup Job policy${id} host${id}-1`, gate.promise);
    return gate.resolve;
  };

  it('hands the lead over within ten seconds when the leader is killed, and at once when it is stopped', async () => {
    const [first, second, third] = [
      await stage.newDeps('first'),
      await stage.newDeps('second'),
      await stage.newDeps('third'),
    ];
    await stage.startScheduler({ deps: first });
    await leaderIs(stage, first.instance);
    const successor = await stage.startScheduler({ deps: second });

    const goOn = holdBackup(1);
    const run = await launch(1);
    await stage.waitForStatuses(run, ['running', 'pending']);
    await stage.kill(first, 'first');
    const killed = Date.now();
    goOn();
    await stage.waitForStatuses(run, ['successful', 'successful']);
    expect(Date.now() - killed).toBeLessThan(10_000);
    await leaderIs(stage, second.instance);

    await stage.startScheduler({ deps: third });
    const goOnAgain = holdBackup(2);
    // The killed one's calls still come to it, and fail: its process would be gone.
    const next = await vi.waitFor(() => launch(2), within);
    await stage.waitForStatuses(next, ['running', 'pending']);
    const stopped = Date.now();
    await successor.stop();
    goOnAgain();
    await stage.waitForStatuses(next, ['successful', 'successful']);
    expect(Date.now() - stopped).toBeLessThan(5_500);
    expect(await checkGrants(stage)).toHaveLength(4);
    await checkReplay(stage);
  });

  it('launches on after the log lost events, as PostgreSQL does by a failover to a copy that lags', async () => {
    const run = async (id: number): Promise<string> => {
      stage.policies.set(id, somePolicy(id, { catalog_enabled: false, auto_prune: false }));
      const started = await vi.waitFor(() => launch(id), within);
      await stage.waitForStatuses(started, ['successful']);
      return started;
    };
    const kept = await run(11);
    const head = await stage.deps.store.head();
    const lost = await run(12);
    await loseEvents(stage.adminUrl, head);
    await vi.waitFor(async () => expect(await stage.jobs(lost)).toEqual([]), within);
    await run(13);
    await stage.waitForStatuses(kept, ['successful']);
    await checkReplay(stage);
  });
});
