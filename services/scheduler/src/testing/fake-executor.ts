import {
  jobEvolver,
  jobStream,
  runStream,
  type JobEvent,
  type JobState,
  type RunExtended,
  type RunRequested,
  type VirtualMachine,
} from '@cyborgbackup/contracts';
import { handleCommand } from '@cyborgbackup/event-store';
import { createJobQueue, type JobHandler } from '@cyborgbackup/messaging';
import { commandDeps, type ServiceDeps } from '@cyborgbackup/service';
import { failed, lost, succeeded } from './job-events.ts';

interface Pauses {
  readonly attempts: number;
  readonly pauseMillis: number;
}

const isPauses = (order: unknown): order is Pauses =>
  typeof order === 'object' && order !== null && 'pauseMillis' in order;

export interface FakeExecutor {
  /**
   * What it does with a job, by the job's name: a promise to wait for, the reason of a failure, machines to find, or a pause
   * after so many of its attempts.
   */
  readonly orders: Map<string, Promise<void> | string | readonly VirtualMachine[] | Pauses>;
  /** Names of jobs, as they were started. */
  readonly started: string[];
}

export const playExecutor = async (
  deps: ServiceDeps,
): Promise<{ readonly executor: FakeExecutor; readonly stop: () => Promise<void> }> => {
  const executor: FakeExecutor = { orders: new Map(), started: [] };
  const stopping = new AbortController();
  const command = handleCommand(commandDeps(deps, 'executor'), {
    ...jobEvolver,
    decide: ({ decide }: { decide: (state: JobState) => readonly JobEvent[] }, state) => decide(state),
  });
  const ended = new Promise<void>((resolve) => {
    stopping.signal.addEventListener('abort', () => resolve(), { once: true });
  });
  const handler: JobHandler = async ({ job, run, grant }) => {
    const plan = await planOf(deps, run);
    const { name } = plan.jobs.find(({ uuid }) => uuid === job)!;
    const begun = await command(jobStream(job), {
      decide: ({ status, minGrant, attempt }) =>
        status === 'idle' && grant >= minGrant
          ? [{ type: 'job-started', data: { job, run, attempt: attempt + 1, executor: 'fake' } }]
          : [],
    });
    if (begun.events.length === 0) return 'drop';
    executor.started.push(name);
    const order = executor.orders.get(name);
    if (order instanceof Promise) await Promise.race([order, ended]);
    if (!stopping.signal.aborted) {
      const machines = Array.isArray(order) ? (order as readonly VirtualMachine[]) : [];
      const { attempt } = begun.state;
      const end =
        typeof order === 'string'
          ? failed(job, order)
          : succeeded(job, { ...resourcesOf(plan, job), machines: [...machines] });
      const pause = isPauses(order) && attempt <= order.attempts ? pauseOf(order, grant) : undefined;
      const event = pause ? lost(job, 'The host is off.', pause) : end;
      await command(jobStream(job), { decide: ({ status }) => (status === 'running' ? [event] : []) });
    }
    return 'done';
  };
  const queue = await createJobQueue({ connection: deps.connection, logger: deps.logger });
  const consumed = queue.consume({ concurrency: 8, signal: stopping.signal, handler, graceMillis: 0 });
  return {
    executor,
    stop: () => {
      stopping.abort();
      return consumed;
    },
  };
};

const pauseOf = ({ pauseMillis }: Pauses, grant: number) => ({
  until: new Date(Date.now() + pauseMillis).toISOString(),
  grant,
});

/** The run with all its jobs, those of machines that were found included. */
export const planOf = async ({ store }: ServiceDeps, run: string): Promise<RunRequested> => {
  let plan: RunRequested | undefined;
  for await (const { type, data } of store.readStream(runStream(run))) {
    if (type === 'run-requested') plan = data as RunRequested;
    if (type === 'run-extended' && plan) plan = { ...plan, jobs: [...plan.jobs, ...(data as RunExtended).jobs] };
  }
  if (!plan) throw new Error(`No run ${run}`);
  return plan;
};

const resourcesOf = ({ repository, jobs }: RunRequested, job: string) => ({
  repository: repository?.uuid ?? null,
  client: jobs.find(({ uuid }) => uuid === job)?.client?.uuid ?? null,
});
