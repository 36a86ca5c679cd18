import { describe, expect, it, test } from 'vitest';
import { isDatabaseUnavailable, sqlState } from './database-errors.ts';
import { AppError, toWireError } from './errors.ts';

const error = (message: string, fields: object = {}): Error => Object.assign(new Error(message), fields);
const ofPostgres = (code: string, severity = 'ERROR'): Error => error(`SQLSTATE ${code}`, { code, severity });

const UNAVAILABLE = [
  ofPostgres('57P01', 'FATAL'), // terminating connection
  ofPostgres('53300', 'FATAL'), // sorry, too many clients already
  ofPostgres('28P01', 'FATAL'), // password authentication failed
  ...['08006', '08P01', '25006', '40001', '40003', '40P01', '53100', '53200', '53300'].map((code) => ofPostgres(code)),
  ...['55P03', '57014', '57P01', '57P02', '57P03', '58030'].map((code) => ofPostgres(code)),
  error('connect ECONNREFUSED', { syscall: 'connect', code: 'ECONNREFUSED' }),
  Object.assign(new AggregateError([], 'both addresses of localhost'), { code: 'ECONNREFUSED' }),
  error('write EPIPE', { syscall: 'write', code: 'EPIPE' }),
  error('getaddrinfo EAI_AGAIN db', { syscall: 'getaddrinfo', code: 'EAI_AGAIN' }),
  error('Connection terminated unexpectedly'),
  error('Query read timeout'),
  error('timeout exceeded when trying to connect'),
];

const OTHERS = [
  ...['23505', '22P02', '42P01', '42501', '53400', '54001', 'XX000'].map((code) => ofPostgres(code)),
  error('no such file', { syscall: 'open', code: 'ENOENT' }),
  error('x is not a function'),
  'no error',
  undefined,
];

describe('an error of the database', () => {
  test.each(UNAVAILABLE)('passes by itself and is told as unavailable: %s', (thrown) => {
    expect(isDatabaseUnavailable(thrown)).toBe(true);
    expect(toWireError(thrown).code).toBe('unavailable');
  });

  test.each(OTHERS)('does not pass by itself and is told as internal: %s', (thrown) => {
    expect(isDatabaseUnavailable(thrown)).toBe(false);
    expect(toWireError(thrown).code).toBe('internal');
  });

  it('keeps its code when it is an AppError', () => {
    expect(toWireError(new AppError('conflict', 'Connection terminated')).code).toBe('conflict');
  });

  it('has a SQLSTATE only when PostgreSQL gave it one', () => {
    expect([ofPostgres('42P01'), error('write', { code: 'EPIPE' }), 'text'].map(sqlState)).toEqual(['42P01', '', '']);
  });
});
