import { expect, test } from 'vitest';
import { secretsNeededBy, type JobFacts } from './job-needs.ts';

const facts: JobFacts = { job_type: 'job', task: null, pull: false, intoDatabase: false };

test.each<[string, Partial<JobFacts>, readonly string[]]>([
  ['a backup', {}, ['login', 'repository', 'extra_vars', 'prehook', 'posthook']],
  ['a catalog', { job_type: 'catalog' }, ['login', 'repository']],
  ['a prune', { job_type: 'prune' }, ['login', 'repository']],
  ['borg check', { job_type: 'check', task: 'archives' }, ['login', 'repository']],
  ['borg check of all data', { job_type: 'integrity', task: 'archives' }, ['login', 'repository']],
  ['the preparation of a repository', { job_type: 'check', task: 'repository' }, ['login', 'repository']],
  ['the preparation of a client', { job_type: 'check', task: 'client' }, ['login']],
  ['that of one for pull mode', { job_type: 'check', task: 'client', pull: true }, ['login', 'repository']],
  ['the preparation of a hypervisor', { job_type: 'check', task: 'hypervisor', pull: true }, ['login']],
  ['a search for machines', { job_type: 'check', task: 'machines' }, ['login', 'extra_vars']],
  ['a restore', { job_type: 'restore' }, ['login', 'repository']],
  ['a restore drill', { job_type: 'restore', task: 'drill' }, ['login', 'repository']],
  ['a restore into a database', { job_type: 'restore', intoDatabase: true }, ['login', 'repository', 'extra_vars']],
])('gives %s what it works with, and no more', (_job, changes, needed) => {
  expect(secretsNeededBy({ ...facts, ...changes })).toEqual(needed);
});
