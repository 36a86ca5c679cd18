import { expect, test } from 'vitest';
import { AppError, toWireError } from './errors.ts';
import { isLostDatabase } from './lost-database.ts';

const error = (message: string, fields: object = {}): Error => Object.assign(new Error(message), fields);

test.each([
  [error('terminating connection', { severity: 'FATAL', code: '57P01' }), true],
  [error('sorry, too many clients already', { severity: 'FATAL', code: '53300' }), true],
  [error('connect ECONNREFUSED', { syscall: 'connect', code: 'ECONNREFUSED' }), true],
  [error('Connection terminated unexpectedly'), true],
  [error('Query read timeout'), true],
  [error('duplicate key', { severity: 'ERROR', code: '23505' }), false],
  [error('no such file', { syscall: 'open', code: 'ENOENT' }), false],
  [error('x is not a function'), false],
  ['no error', false],
])('%s', (thrown, isLost) => {
  expect(isLostDatabase(thrown)).toBe(isLost);
  expect(toWireError(thrown).code).toBe(isLost ? 'unavailable' : 'internal');
});

test('an error that says what it is keeps its code', () => {
  expect(toWireError(new AppError('conflict', 'Connection terminated')).code).toBe('conflict');
});
