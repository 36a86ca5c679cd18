import { compareProjection, type Comparison } from '@cyborgbackup/projections';
import type { ServiceDeps } from '@cyborgbackup/service';
import { PROJECTIONS } from '../../tools/read-models.ts';

/** Rebuilds every read model from the log and compares it with the live one. */
export const compareAll = async (deps: ServiceDeps): Promise<readonly Comparison[]> => {
  const comparisons: Comparison[] = [];
  const signal = new AbortController().signal;
  for (const projection of PROJECTIONS) {
    comparisons.push(await compareProjection({ ...deps, projection, owner: `${deps.instance}-replay`, signal }));
  }
  return comparisons;
};
