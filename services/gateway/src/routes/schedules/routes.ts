import { scheduleCommands, SCHEDULE_DEFAULTS, scheduleFields } from '@cyborgbackup/contracts';
import { z } from 'zod';
import type { Endpoint } from '../../http/core/endpoint.ts';
import { commonSchema, linksOf, represent } from '../../http/core/representation.ts';
import { resourceEndpoints } from '../../http/resource/resource.ts';
import { withDefaults } from '../../http/resource/with-defaults.ts';
import type { GatewayDeps } from '../deps.ts';
import type { ScheduleRow } from '../../lists/sources/schedules.ts';

const { shape } = scheduleFields;

const createSchedule = z.object(withDefaults(shape, { timezone: 'UTC', enabled: true, ...SCHEDULE_DEFAULTS }));

const changeSchedule = scheduleFields.partial();

export const scheduleSchema = z.object({ ...commonSchema, type: z.literal('schedule'), ...shape, uuid: z.uuid() });

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
