import { BorgOutputError, SshError } from '@cyborgbackup/borg';
import { AppError, InfrastructureError, isInfrastructureError } from '@cyborgbackup/kernel';
import { expect, it } from 'vitest';

const error = (message: string, fields: object = {}): Error => Object.assign(new Error(message), fields);

it.each([
  ['a service that is away', new InfrastructureError('unavailable', 'x')],
  ['a service that is late', new InfrastructureError('deadline', 'x')],
  ['a database that stops', error('terminating connection', { severity: 'FATAL', code: '57P01' })],
  ['a database that starts', error('the database system is starting up', { severity: 'FATAL', code: '57P03' })],
  ['a database that is full', error('too many clients', { severity: 'FATAL', code: '53300' })],
  ['a database whose disk is full', error('could not extend file', { severity: 'ERROR', code: '53100' })],
  ['a database that is not there', error('connect', { code: 'ECONNREFUSED', syscall: 'connect' })],
  ['a connection that broke', error('Connection terminated unexpectedly')],
  ['a connection that cannot be made', error('timeout exceeded when trying to connect')],
])('treats %s as an error of the infrastructure', (_name, thrown) => {
  expect(isInfrastructureError(thrown)).toBe(true);
});

it.each([
  ['a state that does not allow it', new AppError('conflict', 'x')],
  ['a client that refuses our key', new SshError('auth', 'x')],
  ['a client that is away', new SshError('lost', 'x')],
  ['output of a host that cannot be read', new BorgOutputError('x')],
  ['any other error of that code', new AppError('unavailable', 'x')],
  ['a wrong statement', error('column "x" does not exist', { severity: 'ERROR', code: '42703' })],
  ['a missing file', error('no such file', { code: 'ENOENT', syscall: 'open' })],
  ['a defect', new TypeError('x is not a function')],
  ['thrown text', 'x'],
])('does not treat %s as an error of the infrastructure', (_name, thrown) => {
  expect(isInfrastructureError(thrown)).toBe(false);
});
