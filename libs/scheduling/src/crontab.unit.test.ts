import { isAppError } from '@cyborgbackup/kernel';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseCrontab } from './crontab.ts';

const all = (min: number, max: number): number[] => Array.from({ length: max - min + 1 }, (_, i) => min + i);

const refusal = (text: string): string => {
  try {
    parseCrontab(text);
  } catch (error) {
    if (!isAppError(error)) throw error;
    expect(error.code).toBe('validation');
    return error.fields?.['crontab']?.join() ?? '';
  }
  throw new Error(`"${text}" was accepted`);
};

test('reads six fields, the sixth of which is the year', () => {
  expect(parseCrontab('0 5 * * MON *')).toEqual({
    text: '0 5 * * MON *',
    minutes: [0],
    hours: [5],
    daysOfMonth: all(1, 31),
    months: all(1, 12),
    daysOfWeek: [1],
    years: all(1970, 2099),
  });
});

test('reads five fields as every year, separated by any blanks', () => {
  expect(parseCrontab(' 00 \t 20  * * *  ')).toMatchObject({ minutes: [0], hours: [20], years: all(1970, 2099) });
});

describe('a field of a crontab', () => {
  test.each([
    ['*', all(0, 59)],
    ['*/1', all(0, 59)],
    ['*/15', [0, 15, 30, 45]],
    ['0/15', [0, 15, 30, 45]],
    ['5/20', [5, 25, 45]],
    ['1-10/3', [1, 4, 7, 10]],
    ['3-3', [3]],
    ['9,1-2,1', [1, 2, 9]],
    ['*/60', [0]],
    ['007', [7]],
  ])('expands the minute %s', (written, values) => {
    expect(parseCrontab(`${written} * * * *`).minutes).toEqual(values);
  });

  test.each([
    ['1-7', all(1, 7)],
    ['0-7', all(1, 7)],
    ['0', [7]],
    ['7', [7]],
    ['0-3', [1, 2, 3, 7]],
    ['*/2', [1, 3, 5, 7]],
    ['mon-Fri', [1, 2, 3, 4, 5]],
    ['SAT,sun', [6, 7]],
    ['tue/2', [2, 4, 6]],
  ])('expands the weekday %s', (written, values) => {
    expect(parseCrontab(`* * * * ${written}`).daysOfWeek).toEqual(values);
  });

  test('expands months by name, and days from 1', () => {
    expect(parseCrontab('* * */10 jan-MAR,Dec *')).toMatchObject({
      daysOfMonth: [1, 11, 21, 31],
      months: [1, 2, 3, 12],
    });
  });

  test.each([
    ['2025', [2025]],
    ['2024-2026', [2024, 2025, 2026]],
    ['2025,2030', [2025, 2030]],
    ['*/50', [1970, 2020, 2070]],
    ['2090/5', [2090, 2095]],
  ])('expands the year %s', (written, values) => {
    expect(parseCrontab(`* * * * * ${written}`).years).toEqual(values);
  });
});

describe('an invalid crontab', () => {
  test.each([
    ['', 'A crontab has five or six fields (minute, hour, day of month, month, day of week, year), not 0.'],
    ['* * * *', /not 4/],
    ['* * * * * * *', /not 7/],
    ['@daily', /not 1/],
    ['* * * * *\n', /day of week field: "\*\n" is not/],
    ['60 * * * *', 'The minute field: 60 is outside 0-59.'],
    ['-1 * * * *', /minute field: "-1" is not/],
    ['* 24 * * *', 'The hour field: 24 is outside 0-23.'],
    ['* * 0 * *', 'The day of month field: 0 is outside 1-31.'],
    ['* * * 13 *', 'The month field: 13 is outside 1-12.'],
    ['* * * * 8', 'The day of week field: 8 is outside 0-7.'],
    ['* * * * * 1969', 'The year field: 1969 is outside 1970-2099.'],
    ['* * * * * 2100', /year field: 2100/],
    [
      '* * * * SUN-TUE',
      'The day of week field: the range SUN-TUE runs backwards; write two items separated by a comma.',
    ],
    ['10-5 * * * *', /minute field: the range 10-5 runs backwards/],
    ['* * * * MON#1', /day of week field: "MON#1" asks for the n-th weekday/],
    ['* * * * FRIL', /day of week field: "FRIL": "L" and "W" are not supported/],
    ['* * L * *', /day of month field: "L"/],
    ['* * 1W * *', /day of month field: "1W": "L" and "W"/],
    ['* * LW * *', /day of month field: "LW"/],
    ['* * ? * *', /day of month field: "\?" is not supported/],
    ['* * * FOO *', 'The month field: "FOO" is not one of JAN-DEC.'],
    ['MON * * * *', /minute field: "MON" is not/],
    ['5abc * * * *', /minute field: "5abc" is not/],
    ['1,,2 * * * *', 'The minute field: an item of its list is empty.'],
    ['*/0 * * * *', 'The minute field: the step 0 is outside 1-60.'],
    ['*/61 * * * *', /the step 61/],
    ['* * * * */8', 'The day of week field: the step 8 is outside 1-7.'],
    ['*/ * * * *', /minute field: "\*\/" is not/],
    ['1-2-3 * * * *', /minute field: "1-2-3" is not/],
    ['*-5 * * * *', /minute field: "\*-5" is not/],
    ['1.5 * * * *', /minute field: "1.5" is not/],
    ['0x5 * * * *', /minute field: "0x5" is not/],
    ['٣ * * * *', /minute field: "٣" is not/],
    [`* * * * * ${'1,'.repeat(600)}`, /no more than 1024 characters/],
  ])('is refused with a reason that names the field: %s', (text, why) => {
    const message = refusal(text);
    if (typeof why === 'string') expect(message).toBe(why);
    else expect(message).toMatch(why);
  });

  test('is refused with a validation error, and any other text is read', () => {
    const token = fc.constantFrom(
      '*',
      '0',
      '7',
      '59',
      '-',
      '/',
      ',',
      'MON',
      'jan',
      'L',
      'W',
      '#',
      '?',
      ' ',
      '\t',
      '2024',
      '\0',
    );
    fc.assert(
      fc.property(
        fc.oneof(
          fc.array(token, { maxLength: 14 }).map((t) => t.join('')),
          fc.string(),
        ),
        (text) => {
          try {
            const crontab = parseCrontab(text);
            expect(crontab.minutes.length * crontab.daysOfWeek.length * crontab.years.length).toBeGreaterThan(0);
          } catch (error) {
            expect(isAppError(error) && error.code === 'validation' && error.fields?.['crontab']?.[0]).toBeTypeOf(
              'string',
            );
          }
        },
      ),
      { numRuns: 2000 },
    );
  });
});
