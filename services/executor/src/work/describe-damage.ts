import type { CheckFindings } from '@cyborgbackup/borg';
import { listNames } from '@cyborgbackup/kernel';

const MAX_LISTED_ARCHIVES = 5;

/** One sentence or two: what is damaged, and what to do. */
export const describeDamage = (repository: string, findings: CheckFindings): string => {
  const { damagedArchives, damagedFileCount, defectChunks, repositoryErrors } = findings;
  const found = [
    ...(damagedArchives.length > 0 ? [`archives ${listNames(damagedArchives, MAX_LISTED_ARCHIVES)}`] : []),
    ...(damagedFileCount > 0 ? [`${damagedFileCount} files`] : []),
    ...(defectChunks > 0 ? [`${defectChunks} chunks of data`] : []),
  ];
  const what = found.length > 0 ? `: ${found.join(', ')}` : '';
  const said = repositoryErrors[0] === undefined ? '' : ` Borg says: ${repositoryErrors[0]}.`;
  return `The repository ${repository} is damaged${what}.${said} Look at its disk, then run "borg check --repair" and a new backup.`;
};
