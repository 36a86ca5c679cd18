import { executor } from '@cyborgbackup/read-models';
import { fieldsOf, type ListSource } from './list-source.ts';

export const jobEvents: ListSource = {
  name: 'job_events',
  label: 'JobEvent',
  type: 'job_event',
  table: executor.jobEvents.name,
  fields: {
    ...fieldsOf(executor.jobEvents, { hide: ['job_uuid'] }),
    modified: { type: 'timestamp', column: 'created' },
    failed: { type: 'bool', sql: "($.event = 'error')" },
  },
  relations: { job: { target: 'jobs', from: 'job_uuid', to: 'uuid', required: true } },
  search: ['stdout'],
};
