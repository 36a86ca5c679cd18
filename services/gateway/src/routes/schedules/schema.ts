import { scheduleFields } from '@cyborgbackup/contracts';
import { z } from 'zod';
import { commonSchema } from '../../http/representation.ts';

const { shape } = scheduleFields;

export const createSchedule = z.object({
  ...shape,
  timezone: shape.timezone.default('UTC'),
  enabled: shape.enabled.default(true),
});

export const changeSchedule = scheduleFields.partial();

export const scheduleSchema = z.object({ ...commonSchema, type: z.literal('schedule'), ...shape, uuid: z.uuid() });
