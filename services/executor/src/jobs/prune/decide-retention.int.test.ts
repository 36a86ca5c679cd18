import fc from 'fast-check';
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { RecordedArchive } from '../../tables/series.ts';
import { decideRetention, RULES } from './decide-retention.ts';

const run = promisify(execFile);
const HOUR = 3_600_000;

let folder: string;
let series: readonly RecordedArchive[];

const borg = (...argv: string[]): Promise<{ stderr: string }> =>
  run('borg', argv, {
    cwd: folder,
    env: { ...process.env, TZ: 'UTC', BORG_BASE_DIR: join(folder, 'borg'), BORG_REPO: join(folder, 'repository') },
  });

/** Steps from one archive to the next: minutes, days, weeks and years, so that every period has neighbours. */
const step = fc.oneof(
  fc.integer({ min: 1, max: 90 }).map((minutes) => (minutes * HOUR) / 60),
  fc.integer({ min: 1, max: 60 }).map((hours) => hours * HOUR),
  fc.integer({ min: 1, max: 300 }).map((days) => days * 24 * HOUR),
);
/** Letters by which a glob picks a part of the archives, each another series. */
const letters = fc.string({ unit: fc.constantFrom('a', 'b'), minLength: 4, maxLength: 4 });

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cyborgbackup-retention-'));
  await mkdir(join(folder, 'source'));
  await borg('init', '--encryption=none');
  const [sample] = fc.sample(fc.array(fc.tuple(step, letters), { minLength: 22, maxLength: 22 }), 1);
  let at = Date.UTC(2019, 11, 20, 22, 30);
  const archives: RecordedArchive[] = [];
  for (const [index, [millis, name]] of (sample ?? []).entries()) {
    at += millis;
    archives.push({ name: `${name}-${index}`, at: Math.floor(at / 1000) * 1000, position: index, good: true });
  }
  series = archives;
  for (const { name, at: time } of archives) {
    const stamp = new Date(time).toISOString().slice(0, 19);
    await borg('create', '--timestamp', stamp, `::${name}`, join(folder, 'source'));
  }
}, 120_000);

afterAll(() => rm(folder, { recursive: true, force: true }));

const count = fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 6 }));
const keeps = fc
  .record({ hourly: count, daily: count, weekly: count, monthly: count, yearly: count })
  .filter((keep) => RULES.some((rule) => keep[rule] > 0));
const globs = fc.string({ unit: fc.constantFrom('a', 'b', '?', '?'), minLength: 4, maxLength: 4 });

const LINE = /(?:Keeping archive \(rule: (?<rule>[^)]*)\)|Would prune):\s+(?<name>\S+)/;

const borgDecides = async (
  glob: string,
  keep: Readonly<Record<string, number>>,
): Promise<{ kept: Map<string, string>; removed: string[] }> => {
  const rules = RULES.map((rule) => `--keep-${rule}=${keep[rule]}`);
  const { stderr } = await borg('prune', '--dry-run', '--list', `--glob-archives=${glob}`, ...rules);
  const kept = new Map<string, string>();
  const removed: string[] = [];
  for (const line of stderr.split('\n')) {
    const { rule, name = '' } = LINE.exec(line)?.groups ?? {};
    if (rule !== undefined) kept.set(name, rule);
    else if (name !== '') removed.push(name);
  }
  return { kept, removed };
};

it('keeps and removes the same archives as borg prune, by the same rules', { timeout: 120_000 }, async () => {
  await fc.assert(
    fc.asyncProperty(globs, keeps, async (pattern, keep) => {
      const matching = new RegExp(`^${pattern.replaceAll('?', '.')}-`);
      const ours = decideRetention(
        series.filter(({ name }) => matching.test(name)),
        keep,
      );
      const theirs = await borgDecides(`${pattern}-*`, keep);
      expect(Object.fromEntries(ours.kept)).toEqual(Object.fromEntries(theirs.kept));
      expect(ours.removed).toEqual(theirs.removed);
    }),
    { numRuns: 20 },
  );
});
