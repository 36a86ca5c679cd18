import type { CheckFindings } from '@cyborgbackup/borg';

const MOST_NAMED = 5;

const some = (names: readonly string[]): string =>
  names.length > MOST_NAMED
    ? `${names.slice(0, MOST_NAMED).join(', ')} and ${names.length - MOST_NAMED} more`
    : names.join(', ');

/** One sentence or two: what is damaged, and what to do. */
export const describeDamage = (repository: string, findings: CheckFindings): string => {
  const { damagedArchives, damagedFileCount, defectChunks, repositoryErrors } = findings;
  const found = [
    ...(damagedArchives.length > 0 ? [`archives ${some(damagedArchives)}`] : []),
    ...(damagedFileCount > 0 ? [`${damagedFileCount} files`] : []),
    ...(defectChunks > 0 ? [`${defectChunks} chunks of data`] : []),
  ];
  const what = found.length > 0 ? `: ${found.join(', ')}` : '';
  const said = repositoryErrors[0] === undefined ? '' : ` Borg says: ${repositoryErrors[0]}.`;
  return `The repository ${repository} is damaged${what}.${said} Look at its disk, then run "borg check --repair" and a new backup.`;
};
