import { describe, expect, test } from 'vitest';
import { pageStatement } from './compile-list.ts';
import { parseListQuery } from '../parse/list-query.ts';
import { sources } from '../sources/sources.ts';

/** What the statement binds: the page's size and start excepted. */
const asked = (filter: string) => {
  const query = parseListQuery(sources.catalogs, new URLSearchParams(filter));
  const { text, values } = pageStatement({ source: sources.catalogs, query, scope: {} }, { limit: 1, offset: 0 });
  return { text, values: values.filter((value) => typeof value === 'string') };
};

describe('a filter on paths', () => {
  test('adds conditions on the folder and the name, which have indexes', () => {
    const { text, values } = asked('path=srv/www/index.html');
    expect(text).toContain('hashtextextended("t"."folder", 0) = hashtextextended($2::text, 0)');
    expect(text).toContain('"t"."name" = $4::text');
    expect(values).toEqual(['srv/www/index.html', 'srv/www/', 'srv/www/', 'index.html']);
  });

  test('restricts a prefix to folders that can have it', () => {
    const { text, values } = asked(`path__startswith=${encodeURIComponent('srv/50%_\\/w')}`);
    expect(text).toContain('("t"."folder" like $2::text or "t"."folder" = $3::text)');
    const pattern = String.raw`srv/50\%\_\\/w%`;
    expect(values).toEqual([pattern, pattern, 'srv/50%_\\/']);
  });

  test.each(['path__startswith=', 'path__contains=a', 'path__istartswith=a', 'path__gt=a', 'path__endswith=a'])(
    'is left alone where nothing follows for its parts: %s',
    (filter) => {
      expect(asked(filter).text).not.toContain('"t"."folder"');
    },
  );
});
