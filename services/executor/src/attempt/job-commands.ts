import type { JobEvent, JobState } from '@cyborgbackup/contracts';
import { handleCommand, type CommandHandler } from '@cyborgbackup/event-store';
import type { KeylessDeps } from '@cyborgbackup/service';
import { commandsOf } from '../job/executor-deps.ts';
import { jobDecider, type JobCommand } from '../job/job-decider.ts';

export type JobCommands = CommandHandler<JobState, JobCommand, JobEvent>;

export const createJobCommands = (deps: KeylessDeps): JobCommands => handleCommand(commandsOf(deps), jobDecider);
