import type { JobEvent, JobState } from '@cyborgbackup/contracts';
import { handleCommand, type CommandHandler } from '@cyborgbackup/event-store';
import { commandDeps, type ServiceDeps } from '@cyborgbackup/service';
import { jobDecider, type JobCommand } from '../job/job-decider.ts';

export type JobCommands = CommandHandler<JobState, JobCommand, JobEvent>;

export const createJobCommands = (deps: ServiceDeps): JobCommands =>
  handleCommand(commandDeps(deps, 'executor'), jobDecider);
