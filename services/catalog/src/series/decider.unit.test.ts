import { fold } from '@cyborgbackup/kernel';
import { expect, test } from 'vitest';
import { seriesDecider, seriesUuid, type SeriesCommand, type SeriesEvent } from './decider.ts';

const uuid = (n: number): string => `0b9c3f0e-8f6a-4a53-9f55-00000000000${n}`;
const of = { series: uuid(1), job: uuid(2), repository: uuid(3), policy: uuid(4), client: uuid(5), machine: '' };
const start = (number: number): SeriesCommand => ({ type: 'start', listing: uuid(number), ...of });
const started = (number: number, sequence: number, first: number): SeriesEvent => ({
  type: 'catalog-listing-started',
  data: { listing: uuid(number), ...of, sequence, first_number: first },
});
const names = (number: number) => ({ series: of.series, listing: uuid(number) });
const complete = (number: number, added: number): SeriesCommand => ({
  type: 'complete',
  ...names(number),
  job: of.job,
  added,
  entries: 9,
  idBase: 100,
  unsafe: '"../x" leaves its folder.',
});
const completed = (number: number, sequence: number, next: number): SeriesEvent => ({
  type: 'catalog-listing-completed',
  data: {
    ...names(number),
    job: of.job,
    sequence,
    next_number: next,
    id_base: 100,
    entries: 9,
    unsafe: '"../x" leaves its folder.',
  },
});
const abandon = (number: number): SeriesCommand => ({ type: 'abandon', ...names(number) });
const abandoned = (number: number): SeriesEvent => ({ type: 'catalog-listing-abandoned', data: names(number) });

test.each<[string, SeriesEvent[], SeriesCommand, SeriesEvent[]]>([
  ['starts the first listing of a series', [], start(6), [started(6, 1, 0)]],
  ['does nothing when a listing in progress starts again', [started(6, 1, 0)], start(6), []],
  ['completes a listing', [started(6, 1, 0)], complete(6, 5), [completed(6, 1, 5)]],
  ['does nothing when a listing is completed twice', [started(6, 1, 0), completed(6, 1, 5)], complete(6, 5), []],
  [
    'starts the next listing with the next sequence and number',
    [started(6, 1, 0), completed(6, 1, 5)],
    start(7),
    [started(7, 2, 5)],
  ],
  ['starts a listing that replaces the one in progress', [started(6, 1, 0)], start(7), [started(7, 2, 0)]],
  [
    'completes a listing that has replaced another',
    [started(6, 1, 0), started(7, 2, 0)],
    complete(7, 1),
    [completed(7, 2, 1)],
  ],
  ['abandons a listing', [started(6, 1, 0)], abandon(6), [abandoned(6)]],
  ['does nothing when a listing is abandoned twice', [started(6, 1, 0), abandoned(6)], abandon(6), []],
  ['does nothing when a void listing is abandoned', [started(6, 1, 0), started(7, 2, 0)], abandon(6), []],
  ['starts a listing after an abandoned one', [started(6, 1, 0), abandoned(6)], start(7), [started(7, 2, 0)]],
])('%s', (_name, history, command, expected) => {
  expect(seriesDecider.decide(command, fold(seriesDecider, history))).toEqual(expected);
});

test.each<[string, SeriesEvent[], SeriesCommand, RegExp]>([
  ['refuses to complete a listing that never began', [], complete(6, 1), /void/],
  ['refuses to complete a listing that was replaced', [started(6, 1, 0), started(7, 2, 0)], complete(6, 1), /void/],
  ['refuses to complete an abandoned listing', [started(6, 1, 0), abandoned(6)], complete(6, 1), /void/],
  ['refuses to start a listing that is complete', [started(6, 1, 0), completed(6, 1, 5)], start(6), /complete already/],
])('%s', (_name, history, command, message) => {
  expect(() => seriesDecider.decide(command, fold(seriesDecider, history))).toThrow(message);
});

test('derives one uuid for an owner, and different ones for different owners', () => {
  const owner = { repository: uuid(1), policy: uuid(2), client: uuid(3), machine: '' };
  expect(seriesUuid(owner)).toBe(seriesUuid({ ...owner }));
  expect(seriesUuid(owner)).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  const others = [
    { ...owner, machine: 'a' },
    { ...owner, policy: null },
    { ...owner, client: uuid(4) },
  ];
  expect(new Set([owner, ...others].map(seriesUuid)).size).toBe(4);
});
