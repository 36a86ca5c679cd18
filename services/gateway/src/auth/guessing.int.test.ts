import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ADMIN, basic, PASSWORD, startTestGateway, USER, type TestGateway } from '../testing/test-gateway.ts';

/*
 * Attacks on passwords, over HTTP and through a trusted proxy, which is this test. What the guard does is in
 * login-guard.int.test.ts.
 */

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startTestGateway({ CYBORGBACKUP_TRUSTED_PROXIES: '127.0.0.0/8' });
  gateway.services.on('inventory.session.open', () => ({ position: '0' }));
  gateway.services.onAny(() => ({ position: null }));
});
afterAll(() => gateway[Symbol.asyncDispose]());

const obtain = async (forwardedFor: string, email = ADMIN, password = PASSWORD): Promise<number> => {
  const headers = { 'X-Forwarded-For': forwardedFor };
  const sent = { method: 'POST', as: null, body: { email, password }, headers };
  return (await gateway.send('/api/token/obtain/', sent)).status;
};

const times = <T>(count: number, work: (index: number) => Promise<T>): Promise<T[]> =>
  Promise.all(Array.from({ length: count }, (_, index) => work(index)));

const countOf = (statuses: readonly number[], status: number): number =>
  statuses.filter((one) => one === status).length;

describe('guessing passwords', () => {
  test('of 80 guesses at once 5 are looked at', async () => {
    const statuses = await times(80, (i) => obtain('198.51.100.1', USER, `guess ${i}`));
    expect([countOf(statuses, 401), countOf(statuses, 429)]).toEqual([5, 75]);
  });

  test('the owner of the account is let in from elsewhere meanwhile', async () => {
    await times(5, (i) => obtain('198.51.100.10', USER, `guess ${i}`));
    const [there, elsewhere] = await Promise.all([obtain('198.51.100.10', USER), obtain('198.51.100.2', USER)]);
    expect([there, elsewhere]).toEqual([429, 200]);
  });

  test('what the sender puts into X-Forwarded-For gives no further guesses', async () => {
    const statuses = await times(20, (i) => obtain(`203.0.113.${i}, 198.51.100.3`, USER, 'guess'));
    expect([countOf(statuses, 401), countOf(statuses, 429)]).toEqual([5, 15]);
  });

  test('no spelling of an address has guesses of its own, nor is it the account', async () => {
    const [{ password_hash }] = await gateway.sql('select password_hash from inventory.users where id = 2');
    await gateway.insert('inventory.users', { id: 60, email: 'victim@example.com', password_hash });
    const spellings = ['victim@example.com', 'VICTIM@example.com', ' Victim@EXAMPLE.com '];
    const statuses = await times(15, (i) => obtain('198.51.100.4', spellings[i % 3] ?? '', 'guess'));
    expect([countOf(statuses, 401), countOf(statuses, 429)]).toEqual([5, 10]);
    expect(await obtain('198.51.100.5', 'VİCTIM@example.com')).toBe(401);
    expect(await obtain('198.51.100.5', 'VICTIM@example.com')).toBe(200);
  });

  test('one address that is locked keeps nobody else behind the same proxy out', async () => {
    const locked = '198.51.100.6';
    const statuses = await times(60, (i) => obtain(locked, `nobody${i}@example.com`, 'guess'));
    expect([countOf(statuses, 401), countOf(statuses, 429)]).toEqual([50, 10]);
    expect(await obtain('198.51.100.7', 'nobody@example.com', 'guess')).toBe(401);
    expect(await obtain('198.51.100.8')).toBe(200);
  });

  test('who is in by HTTP Basic stays in while somebody in the same network guesses', async () => {
    const me = async () =>
      (
        await gateway.send('/api/v1/me/', {
          as: null,
          headers: { Authorization: basic(ADMIN), 'X-Forwarded-For': '198.51.100.9' },
        })
      ).status;
    expect(await me()).toBe(200);
    expect(countOf(await times(20, () => obtain('198.51.100.9', ADMIN, 'guess')), 429)).toBe(15);
    expect(await me()).toBe(200);
  });
});
