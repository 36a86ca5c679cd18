import { catalogCommands } from '@cyborgbackup/contracts';
import { createRpcService, rpcController } from '@cyborgbackup/messaging';
import { ensureProjection, runProjection, type Projection } from '@cyborgbackup/projections';
import { standardChecks, type RunningService, type ServiceParts } from '@cyborgbackup/service';
import { createSampleFiles } from './archive/sample-files.ts';
import { createArchiveHandlers } from './archive/archive-handlers.ts';
import { createListingHandlers } from './listing/listing-handlers.ts';
import { catalogProjection } from './fold/catalog-projection.ts';
import { createTableKeeper } from './tables/table-keeper.ts';
import { ensureNameIndex, ensureTrigrams, withTrigrams } from './tables/trigrams.ts';
import { createReconcile } from './repository/reconcile.ts';

/** The tables, with the index that searches need where the database can have it. */
const prepareProjection = async (pool: ServiceParts['pool'], logger: ServiceParts['logger']): Promise<Projection> => {
  const trigrams = await ensureTrigrams(pool, logger);
  const projection = trigrams === undefined ? catalogProjection : withTrigrams(catalogProjection, trigrams);
  await ensureProjection(pool, projection);
  if (trigrams !== undefined) await ensureNameIndex(pool, projection, trigrams);
  return projection;
};

/** Keeps what is in every archive. */
export const startCatalog = async (parts: ServiceParts): Promise<RunningService> => {
  const stopping = new AbortController();
  const logger = parts.logger.child({ service: 'catalog' });
  const projection = await prepareProjection(parts.pool, logger);
  const rpc = await createRpcService({
    natsUrl: parts.natsUrl,
    trust: parts.trust,
    queue: 'catalog',
    logger,
    controllers: [
      rpcController(catalogCommands, {
        ...createListingHandlers(parts),
        ...createArchiveHandlers(parts),
        sample: createSampleFiles(parts),
        reconcile: createReconcile(parts),
      }),
    ],
  });
  const keeper = createTableKeeper(parts.pool, projection.name, logger);
  const projecting = runProjection({
    ...parts,
    logger,
    projection,
    owner: parts.instance,
    signal: stopping.signal,
    onCheckpoint: keeper.poke,
  });
  return {
    checks: () => standardChecks(parts, [projection.name]),
    stop: async () => {
      await rpc.stop();
      stopping.abort();
      await projecting;
      await keeper.stop();
    },
  };
};
