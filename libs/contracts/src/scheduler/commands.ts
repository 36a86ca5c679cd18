import { z } from 'zod';
import { clientSnapshot } from '../inventory/client.ts';
import { repositorySnapshot } from '../inventory/repository.ts';
import { defineRpc } from '../wire/rpc.ts';
import { integerId, uuid } from '../wire/scalars.ts';
import { restoreRequest } from './run.ts';

const position = z.string().regex(/^\d+$/);

export const schedulerCommands = {
  /** Starts a policy now. Answers with the first client's backup job. */
  launch: defineRpc(
    'scheduler.policy.launch',
    z.object({ policy: integerId, run: uuid, extra_vars: z.string().nullable() }),
    z.object({ job: integerId, position }),
  ),
  /** Runs one job again, alone. */
  relaunch: defineRpc(
    'scheduler.job.relaunch',
    z.object({ job: uuid, run: uuid }),
    z.object({ job: integerId, position }),
  ),
  /** Restores from an archive. */
  restore: defineRpc(
    'scheduler.archive.restore',
    restoreRequest.extend({
      /** Idempotency key: names the new run. */
      run: uuid,
      /** The archive's backup job. */
      backup: uuid,
      /** Where the archive is. */
      repository: repositorySnapshot,
      /** Where files are restored to; null = the repository's own host. */
      client: clientSnapshot.nullable(),
    }),
    z.object({ job: integerId, position }),
  ),
  /** Checks a repository now; with `verify_data` all its data is read. Answers with the check's job. */
  checkRepository: defineRpc(
    'scheduler.repository.check',
    z.object({ repository: integerId, run: uuid, verify_data: z.boolean() }),
    z.object({ job: integerId, position }),
  ),
  /** Runs a restore drill of a policy's latest archives now. Answers with the first client's job. */
  drill: defineRpc(
    'scheduler.policy.drill',
    z.object({ policy: integerId, run: uuid }),
    z.object({ job: integerId, position }),
  ),
  /** Requests the end of a job; a job that does not run yet is canceled at once. */
  cancel: defineRpc('scheduler.job.cancel', z.object({ job: uuid }), z.object({ position: position.nullable() })),
  /** Why a job does not run yet. */
  explain: defineRpc(
    'scheduler.job.explain',
    z.object({ job: uuid }),
    z.object({
      /** pausing = its attempt was lost, and the next one is due later; granted = offered to the executors, and not taken yet. */
      state: z.enum(['waiting', 'pending', 'pausing', 'granted', 'running', 'ended']),
      /** One sentence for people. */
      reason: z.string(),
      /** The jobs it waits for. */
      blocked_by: z.array(z.object({ id: integerId, uuid, name: z.string() })),
      /** How many jobs are ahead of it in the queue for its repository or client. */
      ahead: z.int().min(0),
    }),
  ),
};

/**
 * Core NATS subject by which executors are asked who works on a job (its uuid). Only the executor that does answers. NATS reports
 * 'no responders' when no executor is running.
 */
export const HOLDER_SUBJECT = 'jobs.holder';

/** Core NATS subject that tells executors of cancel requests at once; what counts is the job's stream. */
export const CANCEL_SIGNAL = 'jobs.cancel';
