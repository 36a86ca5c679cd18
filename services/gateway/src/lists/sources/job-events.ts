import { columns, type ListSource } from './list-source.ts';

export const jobEvents: ListSource = {
  name: 'job_events',
  label: 'JobEvent',
  type: 'job_event',
  table: 'executor.job_events',
  fields: {
    ...columns.int('id', 'counter', 'start_line', 'end_line'),
    ...columns.text('event', 'stdout'),
    ...columns.timestamp('created'),
    modified: { type: 'timestamp', column: 'created' },
    failed: { type: 'bool', sql: "($.event = 'error')" },
  },
  relations: { job: { target: 'jobs', from: 'job_uuid', to: 'uuid', required: true } },
  search: ['stdout'],
};
