import { scheduleCommands } from '@cyborgbackup/contracts';
import type { GatewayDeps } from '../deps.ts';
import type { Endpoint } from '../../http/core/endpoint.ts';
import { resourceEndpoints } from '../../http/resource/resource.ts';
import { presentSchedule } from './present.ts';
import { scheduleSource, type ScheduleRow } from './query.ts';
import { changeSchedule, createSchedule, scheduleSchema } from './schema.ts';

export const scheduleRoutes = (deps: GatewayDeps): readonly Endpoint[] =>
  resourceEndpoints<ScheduleRow, typeof createSchedule, typeof changeSchedule>(
    {
      label: 'Schedule',
      collection: 'schedules',
      source: scheduleSource,
      representation: scheduleSchema,
      create: createSchedule,
      change: changeSchedule,
      present: async (row) => presentSchedule(row),
      register: (body, { ids }) => deps.call(scheduleCommands.register, { ...ids, ...body }),
      update: (target, changes) => deps.call(scheduleCommands.change, { ...target, changes }),
      remove: (target) => deps.call(scheduleCommands.remove, target),
    },
    deps,
  );
