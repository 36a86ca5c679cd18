import { catalogCommands } from '@cyborgbackup/contracts';
import { createRpcService, rpcController } from '@cyborgbackup/messaging';
import { ensureProjection, runProjection, type Projection } from '@cyborgbackup/projections';
import { standardChecks, type RunningService, type ServiceDeps } from '@cyborgbackup/service';
import { createSampleFiles } from './archive/sample-files.ts';
import { createArchiveHandlers } from './archive/archive-handlers.ts';
import { createListingHandlers } from './listing/listing-handlers.ts';
import { catalogProjection } from './fold/catalog-projection.ts';
import { createTableKeeper } from './tables/table-keeper.ts';
import { ensureNameIndex, findTrigrams, withTrigrams } from './tables/trigrams.ts';
import { createReconcile } from './repository/reconcile.ts';

/** The tables, with the index that searches need where the database can have it. */
const prepareProjection = async (pool: ServiceDeps['pool'], logger: ServiceDeps['logger']): Promise<Projection> => {
  const trigrams = await findTrigrams(pool, logger);
  const projection = trigrams === undefined ? catalogProjection : withTrigrams(catalogProjection, trigrams);
  await ensureProjection(pool, projection);
  if (trigrams !== undefined) await ensureNameIndex(pool, projection);
  return projection;
};

/** Keeps what is in every archive. */
export const startCatalog = async (deps: ServiceDeps): Promise<RunningService> => {
  const stopping = new AbortController();
  const logger = deps.logger.child({ service: 'catalog' });
  const projection = await prepareProjection(deps.pool, logger);
  const rpc = await createRpcService({
    natsUrl: deps.natsUrl,
    trust: deps.trust,
    queue: 'catalog',
    logger,
    controllers: [
      rpcController(catalogCommands, {
        ...createListingHandlers(deps),
        ...createArchiveHandlers(deps),
        sample: createSampleFiles(deps),
        reconcile: createReconcile(deps),
      }),
    ],
  });
  const keeper = createTableKeeper(deps.pool, projection.name, logger);
  const projecting = runProjection({
    ...deps,
    logger,
    projection,
    owner: deps.instance,
    signal: stopping.signal,
    onCheckpoint: keeper.poke,
  });
  return {
    checks: () => standardChecks(deps, { projections: [projection] }),
    stop: async () => {
      await rpc.stop();
      stopping.abort();
      await projecting;
      await keeper.stop();
    },
  };
};
