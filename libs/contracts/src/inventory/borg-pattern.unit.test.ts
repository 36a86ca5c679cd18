import { expect, test } from 'vitest';
import { patternLineProblems, patternProblem } from './borg-pattern.ts';

test.each([
  '*.tmp',
  '[',
  'sh:**/[abc',
  'pp:/srv/data',
  're:\\.tmp$',
  're:^/srv/(?P<name>a)(?P=name)',
  're:(?i)cache',
  're:a++b',
  're:(?>a|b)',
  '/srv/a:b',
])('takes %s', (pattern) => {
  expect(patternProblem(pattern)).toBeUndefined();
});

test.each([
  ['re:[', /^\[ is no regular expression \(Unterminated character class\)/],
  ['re:(', /Unterminated group/],
  ['re:*', /Nothing to repeat/],
  ['rx:a', /no style rx: use one of fm:, sh:, re:/],
])('refuses %s', (pattern, problem) => {
  expect(patternProblem(pattern)).toMatch(problem);
});

test('reads the lines of a patterns file as borg does, with the style that is set before', () => {
  const lines = ['- [', 'P re', '- [', '+ sh:[', '! re:(', 'P xx', '-re:a'];
  expect([...patternLineProblems(lines).keys()]).toEqual([2, 4, 5]);
});
