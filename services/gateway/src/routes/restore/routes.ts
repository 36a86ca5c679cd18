import { requiredText, schedulerCommands, text } from '@cyborgbackup/contracts';
import { fieldError } from '@cyborgbackup/kernel';
import { z } from 'zod';
import type { GatewayDeps } from '../../http/deps.ts';
import { endpoint, type Endpoint } from '../../http/endpoint.ts';
import { API_ROOT } from '../../http/representation.ts';
import { jobSchema } from '../jobs/schema.ts';
import { startedJob } from '../jobs/started-job.ts';

const path = `${API_ROOT}/restore`;

const restoreBody = z.object({
  archive_name: requiredText(1024),
  /** A client's id or host name; the client that was backed up unless given. */
  destination: z.union([z.int().min(1), text(1024)]).optional(),
  /** Where on the destination; paths below it are as in the archive. */
  dest_folder: requiredText(4096).regex(/^\//, 'Give an absolute path.'),
  /** A path as the catalog shows it, with all below it; everything unless given. */
  item: text(16_384).optional(),
  dry_run: z.boolean().optional(),
});

/** The backup whose archive has this name and is still in its repository. @throws AppError `validation` */
const findBackup = async ({ reader }: GatewayDeps, archive: string): Promise<string> => {
  const row = await reader.row<{ readonly job_uuid: string }>(
    'select job_uuid from catalog.archives where archive_name = $1 and not removed order by started_at desc limit 1',
    [archive],
  );
  if (!row) throw fieldError('archive_name', `There is no archive named "${archive}".`);
  return row.job_uuid;
};

/** Null means the client that was backed up. @throws AppError `validation` */
const findDestination = async (
  { reader }: GatewayDeps,
  destination: number | string | undefined,
): Promise<number | null> => {
  if (destination === undefined || destination === '') return null;
  const row = await reader.row<{ readonly id: number }>(
    'select id from inventory.clients where id::text = $1 or hostname = $1 order by id limit 1',
    [String(destination)],
  );
  if (!row) throw fieldError('destination', `There is no client "${destination}".`);
  return row.id;
};

export const restoreRoutes = (deps: GatewayDeps): readonly Endpoint[] => [
  endpoint({
    method: 'GET',
    path,
    access: 'user',
    tag: 'restore',
    summary: 'Retrieve nothing: restores are jobs',
    answers: z.array(z.never()),
    handle: () => Promise.resolve({ body: [] }),
  }),
  endpoint({
    method: 'POST',
    path,
    access: 'superuser',
    tag: 'restore',
    summary: 'Restore an item of an archive to a folder on a client',
    body: restoreBody,
    answers: z.object({ job: z.int(), ...jobSchema.shape }),
    success: 201,
    handle: async ({ body, ids }) => {
      const { archive_name, destination, dest_folder, item = '', dry_run = false } = body;
      const started = await deps.call(schedulerCommands.restore, {
        run: ids.uuid,
        backup: await findBackup(deps, archive_name),
        destination: await findDestination(deps, destination),
        dest_folder,
        item,
        dry_run,
      });
      const answer = await startedJob(deps, started);
      return { ...answer, status: answer.status ?? 201 };
    },
  }),
];
