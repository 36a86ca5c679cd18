import { createRpcService } from '@cyborgbackup/messaging';
import { ensureProjection, runProjection } from '@cyborgbackup/projections';
import { standardChecks, type RunningService, type ServiceParts } from '@cyborgbackup/service';
import { Module } from '@nestjs/common';
import { createSampleFiles } from './archive/sample-files.ts';
import { SAMPLE_FILES, SampleController } from './archive/sample.controller.ts';
import { ArchiveController, ARCHIVE_HANDLERS } from './archive/archive.controller.ts';
import { createArchiveHandlers } from './archive/archive-handlers.ts';
import { createListingHandlers } from './listing/listing-handlers.ts';
import { LISTING_HANDLERS, ListingController } from './listing/listing.controller.ts';
import { catalogProjection } from './read/catalog-projection.ts';
import { createReadModel } from './read/read-model.ts';
import { RECONCILE, RepositoryController } from './repository/repository.controller.ts';
import { createReconcile } from './repository/reconcile.ts';

@Module({})
class CatalogModule {}

/** Keeps what is in every archive. */
export const startCatalog = async (parts: ServiceParts): Promise<RunningService> => {
  const stopping = new AbortController();
  const logger = parts.logger.child({ service: 'catalog' });
  await ensureProjection(parts.pool, catalogProjection);
  const readModel = createReadModel(parts.pool);
  const rpc = await createRpcService({
    natsUrl: parts.natsUrl,
    queue: 'catalog',
    logger,
    module: {
      module: CatalogModule,
      controllers: [ListingController, ArchiveController, SampleController, RepositoryController],
      providers: [
        { provide: LISTING_HANDLERS, useValue: createListingHandlers(parts, readModel) },
        { provide: ARCHIVE_HANDLERS, useValue: createArchiveHandlers(parts, readModel) },
        { provide: SAMPLE_FILES, useValue: createSampleFiles(parts, readModel) },
        { provide: RECONCILE, useValue: createReconcile(parts, readModel) },
      ],
    },
  });
  const projecting = runProjection({
    ...parts,
    logger,
    projection: catalogProjection,
    owner: parts.instance,
    signal: stopping.signal,
  });
  return {
    checks: () => standardChecks(parts, [catalogProjection.name]),
    stop: async () => {
      await rpc.stop();
      stopping.abort();
      await projecting;
    },
  };
};
