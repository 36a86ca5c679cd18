import type { Parameter } from '../parse/list-query.ts';

/** What surrounds the rows of a page. */
export interface PageEnvelope {
  readonly count: number;
  /** Relative URLs: path and query. */
  readonly next: string | null;
  readonly previous: string | null;
}

export interface PageFacts {
  readonly count: number;
  readonly page: number;
  readonly hasNext: boolean;
  /** Of the list, with or without a slash at the end. */
  readonly path: string;
  readonly parameters: readonly Parameter[];
}

const byName = ([a]: Parameter, [b]: Parameter): number => (a < b ? -1 : Number(a > b));

const link = ({ path, parameters }: PageFacts, page: number): string => {
  const kept = parameters.filter(([name]) => name !== 'page');
  const all = [...kept, ['page', String(page)] as const].sort(byName);
  return `${path.replace(/\/*$/, '/')}?${new URLSearchParams(all.map(([name, value]): [string, string] => [name, value])).toString()}`;
};

/** The links keep all parameters, sorted by name, and replace `page`. */
export const renderPage = (facts: PageFacts): PageEnvelope => ({
  count: facts.count,
  next: facts.hasNext ? link(facts, facts.page + 1) : null,
  previous: facts.page > 1 ? link(facts, facts.page - 1) : null,
});
