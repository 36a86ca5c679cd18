import type { JobCommand } from '../job/job-decider.ts';
import type { FailureFacts, JobResult } from '../job/job-result.ts';

type Clean = (text: string) => string;

const redacted = <Facts extends FailureFacts | JobResult>(facts: Facts, clean: Clean): Facts => {
  const { warnings, restored, drill } = facts;
  return {
    ...facts,
    ...(warnings ? { warnings: warnings.map(clean) } : {}),
    ...(restored ? { restored: { ...restored, mismatches: restored.mismatches.map(clean) } } : {}),
    ...(drill
      ? { drill: { ...drill, files: drill.files.map((file) => ({ ...file, problem: clean(file.problem) })) } }
      : {}),
  };
};

/**
 * How a job ended, with all text for people cleaned: borg, dumps and servers may have repeated what they were given. Names of
 * archives, machines and files stay as they are, since others look for them.
 */
export const redactOutcome = (command: JobCommand, clean: Clean): JobCommand => {
  if (command.type === 'succeed') return { ...command, result: redacted(command.result, clean) };
  if (command.type === 'fail') {
    return { ...command, reason: clean(command.reason), facts: redacted(command.facts, clean) };
  }
  return 'reason' in command ? { ...command, reason: clean(command.reason) } : command;
};
