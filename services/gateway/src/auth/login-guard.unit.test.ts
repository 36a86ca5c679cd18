import { expect, test } from 'vitest';
import { HttpError } from '../http/core/http-error.ts';
import { createLoginGuard } from './login-guard.ts';

const A = '192.0.2.1';
const B = '192.0.2.2';

const setUp = () => {
  let now = 1_000_000;
  const guard = createLoginGuard({ now: () => now });
  /** Seconds to wait; 0 when the door is open. */
  const wait = (email: string, address: string): number => {
    try {
      guard.check(email, address);
      return 0;
    } catch (error) {
      if (error instanceof HttpError) return Number(error.headers['Retry-After']);
      throw error;
    }
  };
  const fail = (times: number, email = 'a@b.example', address = A): void => {
    for (let i = 0; i < times; i += 1) guard.failed(email, address);
  };
  return { guard, wait, fail, pass: (seconds: number) => void (now += seconds * 1_000) };
};

test('doubles the wait after four failures up to a quarter of an hour', () => {
  const { wait, fail, pass } = setUp();
  fail(4);
  expect(wait('a@b.example', A)).toBe(0);
  const waits: number[] = [];
  for (let i = 0; i < 12; i += 1) {
    fail(1);
    waits.push(wait('A@b.example ', A));
    pass(waits.at(-1) ?? 0);
    expect(wait('a@b.example', A)).toBe(0);
  }
  expect(waits).toEqual([2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900, 900]);
});

test('does not lock another address or another email', () => {
  const { wait, fail } = setUp();
  fail(6);
  expect(wait('a@b.example', B)).toBe(0);
  expect(wait('c@b.example', A)).toBe(0);
});

test('locks an address that tries many emails', () => {
  const { wait, fail } = setUp();
  for (let i = 0; i < 50; i += 1) fail(1, `user${i}@b.example`);
  expect(wait('fresh@b.example', A)).toBeGreaterThan(0);
});

test('forgets failures after a success, and after an hour without a failure', () => {
  const { guard, wait, fail, pass } = setUp();
  fail(4);
  guard.succeeded('a@b.example', A);
  fail(4);
  expect(wait('a@b.example', A)).toBe(0);
  fail(1);
  expect(wait('a@b.example', A)).toBe(2);
  pass(3_601);
  fail(4);
  expect(wait('a@b.example', A)).toBe(0);
});
