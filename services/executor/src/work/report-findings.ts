import type { CheckFindings } from '@cyborgbackup/borg';
import { BROKEN_PATHS_MAX, catalogCommands } from '@cyborgbackup/contracts';
import { repositoryOf } from '../job/job-plan.ts';
import { caughtUp } from '../read/caught-up.ts';
import { readBackups, readLastCheck } from '../read/last-check.ts';
import type { JobContext } from './job-context.ts';

/** Tells the catalog which archives are damaged now, and which were and are not any more. */
export const reportFindings = async (context: JobContext, findings: CheckFindings, at: string): Promise<void> => {
  const { parts, plan } = context;
  const { uuid } = repositoryOf(plan);
  await caughtUp(parts);
  const damaged = new Set(findings.damagedArchives);
  const before = await readLastCheck(parts.pool, uuid);
  const names = [...new Set([...damaged, ...(before?.damaged ?? [])])];
  const { subject, output } = catalogCommands.recordFindings;
  for (const { archive, job } of await readBackups(parts.pool, uuid, names)) {
    const broken = findings.damagedFiles.filter((file) => file.archive === archive).map(({ path }) => path);
    const found = {
      job,
      archive_healthy: !damaged.has(archive),
      broken_paths: broken.slice(0, BROKEN_PATHS_MAX),
      checked_at: at,
    };
    await parts.rpc.call(subject, found, { schema: output });
  }
};
