/**
 * Why a job waits, asked of a scheduler with 36,000 open jobs: 12,000 clients of 200 policies, each with a backup that could
 * run and two jobs that follow it; half of them wait for one repository, the others for nine more. One question after the
 * other, and forty at once. Times in milliseconds.
 */
import { ensureProjection } from '@cyborgbackup/projections';
import { explainJob, schedulerProjection } from '@cyborgbackup/scheduler';
import type pg from 'pg';
import { withBenchDatabase } from './bench-database.ts';
import type { Figures } from './budget.ts';
import { COMMON_JOB } from './common-job.ts';
import { percentilesOf } from './load.ts';

const CLIENTS = 12_000;
const POLICIES = 200;
const QUESTIONS = 300;
const AT_ONCE = 40;

/** Straight into the scheduler's tables: how they are filled is measured elsewhere. */
const FILL_JOBS = `
  insert into scheduler.jobs
  select (jsonb_populate_record(null::scheduler.jobs, $1::jsonb || jsonb_build_object(
           'id', 3 * n + step, 'uuid', md5('job' || n || '/' || step)::uuid, 'name', 'job ' || n || '/' || step,
           'run', md5('run' || n % $3::int)::uuid, 'policy_uuid', md5('policy' || n % $3::int)::uuid,
           'client_uuid', md5('client' || n)::uuid,
           'repository_uuid', md5('repository' || case when n % 2 = 0 then 0 else 1 + n % 9 end)::uuid,
           'job_type', (array['job', 'catalog', 'prune'])[step + 1],
           'status', case step when 0 then 'pending' else 'waiting' end,
           'needs', case step when 0 then jsonb_build_array()
                              else jsonb_build_array(md5('job' || n || '/' || step - 1)::uuid) end))).*
    from generate_series(0, $2::int - 1) as n, generate_series(0, 2) as step`;

/** One job of each repository holds a grant, and runs. */
const FILL_GRANTS = `
  with first as (
    select distinct on (repository_uuid) uuid, run, repository_uuid, client_uuid, id
      from scheduler.jobs where status = 'pending' order by repository_uuid, id
  ), started as (
    update scheduler.jobs set status = 'running', attempt = 1 where uuid in (select uuid from first)
  )
  insert into scheduler.grants (job, run, repository, client, granted_version)
  select uuid, run, repository_uuid, client_uuid, id + 1 from first`;

const fill = async (pool: pg.Pool): Promise<readonly string[]> => {
  await ensureProjection(pool, schedulerProjection);
  await pool.query(FILL_JOBS, [COMMON_JOB, CLIENTS, POLICIES]);
  await pool.query(FILL_GRANTS);
  await pool.query("select projections.analyze_table('scheduler', 'jobs')");
  const { rows } = await pool.query<{ uuid: string }>(
    `select uuid from scheduler.jobs where status = 'pending' order by md5(uuid::text) limit $1`,
    [QUESTIONS],
  );
  return rows.map(({ uuid }) => uuid);
};

const measure = async (pool: pg.Pool): Promise<Figures> => {
  const jobs = await fill(pool);
  const explain = async (job: string): Promise<number> => {
    const begun = performance.now();
    const { state } = await explainJob({ pool, maxRunning: 0, hasExecutors: () => Promise.resolve(true) }, job);
    if (state !== 'pending') throw new Error(`A job is ${state}, not pending`);
    return performance.now() - begun;
  };
  const times: number[] = [];
  for (const job of jobs) times.push(await explain(job));
  const together = await Promise.all(jobs.slice(0, AT_ONCE).map(explain));
  return { ...percentilesOf('explain', times), fortyAtOnceSlowestMillis: Number(Math.max(...together).toFixed(2)) };
};

export const run = (): Promise<Figures> => withBenchDatabase(({ admin }) => measure(admin));
