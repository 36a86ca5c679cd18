import { createRpcService } from '@cyborgbackup/messaging';
import { ensureProjection, runProjection, type Projection } from '@cyborgbackup/projections';
import { standardChecks, type RunningService, type ServiceParts } from '@cyborgbackup/service';
import { Module } from '@nestjs/common';
import { createSampleFiles } from './archive/sample-files.ts';
import { SAMPLE_FILES, SampleController } from './archive/sample.controller.ts';
import { ArchiveController, ARCHIVE_HANDLERS } from './archive/archive.controller.ts';
import { createArchiveHandlers } from './archive/archive-handlers.ts';
import { createListingHandlers } from './listing/listing-handlers.ts';
import { LISTING_HANDLERS, ListingController } from './listing/listing.controller.ts';
import { catalogProjection } from './read/catalog-projection.ts';
import { createTableKeeper } from './read/table-keeper.ts';
import { ensureNameIndex, ensureTrigrams, withTrigrams } from './read/trigrams.ts';
import { RECONCILE, RepositoryController } from './repository/repository.controller.ts';
import { createReconcile } from './repository/reconcile.ts';

@Module({})
class CatalogModule {}

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
    queue: 'catalog',
    logger,
    module: {
      module: CatalogModule,
      controllers: [ListingController, ArchiveController, SampleController, RepositoryController],
      providers: [
        { provide: LISTING_HANDLERS, useValue: createListingHandlers(parts) },
        { provide: ARCHIVE_HANDLERS, useValue: createArchiveHandlers(parts) },
        { provide: SAMPLE_FILES, useValue: createSampleFiles(parts) },
        { provide: RECONCILE, useValue: createReconcile(parts) },
      ],
    },
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
