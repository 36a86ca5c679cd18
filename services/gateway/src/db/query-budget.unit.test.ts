import { expect, test } from 'vitest';
import { createQueryBudget } from './query-budget.ts';

const never = new AbortController().signal;

/** Works that end when the test says so. */
const setUp = () => {
  const budget = createQueryBudget({ atOnce: 2, maxWaiting: 3 });
  const started: string[] = [];
  const ends = new Map<string, () => void>();
  const run = (owner: string, name: string, signal = never): Promise<string> =>
    budget.run(owner, signal, async () => {
      started.push(name);
      const gate = Promise.withResolvers<string>();
      ends.set(name, () => gate.resolve(name));
      return gate.promise;
    });
  const end = async (name: string): Promise<void> => {
    ends.get(name)?.();
    await new Promise(setImmediate);
  };
  return { run, end, started };
};

test('one owner has so many at once, the others wait in order, and other owners do not wait for them', async () => {
  const { run, end, started } = setUp();
  const runs = ['a1', 'a2', 'a3', 'a4'].map((name) => run('a', name));
  const other = run('b', 'b1');
  await end('none');
  expect(started).toEqual(['a1', 'a2', 'b1']);
  await end('a2');
  expect(started).toEqual(['a1', 'a2', 'b1', 'a3']);
  for (const name of ['a1', 'a3', 'a4', 'b1']) await end(name);
  expect(await Promise.all([...runs, other])).toEqual(['a1', 'a2', 'a3', 'a4', 'b1']);
});

test('refuses more than may wait as rate-limited, and takes them again when there is room', async () => {
  const { run, end } = setUp();
  const runs = ['1', '2', '3', '4', '5'].map((name) => run('a', name));
  await expect(run('a', '6')).rejects.toMatchObject({ code: 'rate-limited' });
  await end('1');
  const late = run('a', '7');
  for (const name of ['2', '3', '4', '5', '7']) await end(name);
  expect(await Promise.all([...runs, late])).toHaveLength(6);
});

test('a caller that leaves while it waits is never run, and takes nobody’s turn', async () => {
  const { run, end, started } = setUp();
  const gone = new AbortController();
  const runs = [run('a', '1'), run('a', '2')];
  const left = run('a', 'left', gone.signal);
  const last = run('a', 'last');
  gone.abort();
  await expect(left).rejects.toMatchObject({ code: 'unavailable' });
  await end('1');
  await end('2');
  await end('last');
  await Promise.all([...runs, last]);
  expect(started).toEqual(['1', '2', 'last']);
  await expect(run('a', 'late', gone.signal)).rejects.toMatchObject({ code: 'unavailable' });
});

test('an error frees its turn', async () => {
  const budget = createQueryBudget({ atOnce: 1, maxWaiting: 1 });
  await expect(budget.run('a', never, () => Promise.reject(new Error('broken')))).rejects.toThrow('broken');
  expect(await budget.run('a', never, () => Promise.resolve(1))).toBe(1);
});
