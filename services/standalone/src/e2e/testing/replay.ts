import { catalogProjection } from '@cyborgbackup/catalog';
import { executorProjection } from '@cyborgbackup/executor';
import { inventoryProjection } from '@cyborgbackup/inventory';
import { compareProjection, type Comparison } from '@cyborgbackup/projections';
import { schedulerProjection } from '@cyborgbackup/scheduler';
import type { ServiceDeps } from '@cyborgbackup/service';

const PROJECTIONS = [inventoryProjection, schedulerProjection, executorProjection, catalogProjection];

/** Rebuilds every read model from the log and compares it with the live one. */
export const compareAll = async (deps: ServiceDeps): Promise<readonly Comparison[]> => {
  const comparisons: Comparison[] = [];
  const signal = new AbortController().signal;
  for (const projection of PROJECTIONS) {
    comparisons.push(await compareProjection({ ...deps, projection, owner: `${deps.instance}-replay`, signal }));
  }
  return comparisons;
};
