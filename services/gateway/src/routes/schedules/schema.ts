import { SCHEDULE_DEFAULTS, scheduleFields } from '@cyborgbackup/contracts';
import { z } from 'zod';
import { commonSchema } from '../../http/core/representation.ts';

const { shape } = scheduleFields;

export const createSchedule = z.object({
  ...shape,
  timezone: shape.timezone.default('UTC'),
  enabled: shape.enabled.default(true),
  jitter: shape.jitter.default(SCHEDULE_DEFAULTS.jitter),
  blackouts: shape.blackouts.default(SCHEDULE_DEFAULTS.blackouts),
});

export const changeSchedule = scheduleFields.partial();

export const scheduleSchema = z.object({ ...commonSchema, type: z.literal('schedule'), ...shape, uuid: z.uuid() });
