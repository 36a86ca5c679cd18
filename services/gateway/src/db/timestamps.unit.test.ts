import { expect, test } from 'vitest';
import { isoFromPostgres, shortIso } from './timestamps.ts';

test.each([
  ['2018-11-22 18:51:22.894984+00', '2018-11-22T18:51:22.894984Z'],
  ['2018-11-22 18:51:22+00', '2018-11-22T18:51:22.000000Z'],
  ['2018-11-22 18:51:22.5+02', '2018-11-22T16:51:22.500000Z'],
  ['2018-11-22 00:51:22.123456+05:30', '2018-11-21T19:21:22.123456Z'],
  ['2018-12-31 23:00:00.1-03', '2019-01-01T02:00:00.100000Z'],
])('converts the timestamp %s of PostgreSQL to ISO 8601', (text, iso) => expect(isoFromPostgres(text)).toBe(iso));

test.each([
  ['2018-11-23T23:03:52.000000Z', '2018-11-23T23:03:52Z'],
  ['2018-11-23T23:03:52.100000Z', '2018-11-23T23:03:52.100000Z'],
  ['2026-11-26T05:00:00.000Z', '2026-11-26T05:00:00Z'],
  ['2018-11-23T23:03:52.123456Z', '2018-11-23T23:03:52.123456Z'],
])('shortens the timestamp %s only where its fraction is zero', (iso, short) => expect(shortIso(iso)).toBe(short));
