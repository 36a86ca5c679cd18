import { SCHEDULE_DEFAULTS, scheduleFields } from '@cyborgbackup/contracts';
import { z } from 'zod';
import { commonSchema } from '../../http/core/representation.ts';
import { withDefaults } from '../../http/resource/with-defaults.ts';

const { shape } = scheduleFields;

export const createSchedule = z.object(withDefaults(shape, { timezone: 'UTC', enabled: true, ...SCHEDULE_DEFAULTS }));

export const changeSchedule = scheduleFields.partial();

export const scheduleSchema = z.object({ ...commonSchema, type: z.literal('schedule'), ...shape, uuid: z.uuid() });
