import { scheduleCommands } from '@cyborgbackup/contracts';
import type { Endpoint } from '../../http/core/endpoint.ts';
import { linksOf, represent } from '../../http/core/representation.ts';
import { resourceEndpoints } from '../../http/resource/resource.ts';
import type { GatewayDeps } from '../deps.ts';
import type { ScheduleRow } from '../../lists/sources/schedules.ts';
import { changeSchedule, createSchedule, scheduleSchema } from './schema.ts';

export const presentSchedule = (row: ScheduleRow): object =>
  represent(scheduleSchema, { ...row, ...linksOf(row, { collection: 'schedules' }) });

export const scheduleRoutes = (deps: GatewayDeps): readonly Endpoint[] =>
  resourceEndpoints(
    {
      collection: 'schedules',
      representation: scheduleSchema,
      create: createSchedule,
      change: changeSchedule,
      present: presentSchedule,
      register: (body, { ids }) => deps.call(scheduleCommands.register, { ...ids, ...body }),
      update: (target, changes) => deps.call(scheduleCommands.change, { ...target, changes }),
      remove: (target) => deps.call(scheduleCommands.remove, target),
    },
    deps,
  );
