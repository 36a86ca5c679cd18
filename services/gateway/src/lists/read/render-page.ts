import type { Parameter } from '../parse/list-query.ts';

/** The fields around the rows of a page. */
export interface PageEnvelope {
  readonly count: number;
  /** Relative URLs: path and query. */
  readonly next: string | null;
  readonly previous: string | null;
}

interface PageOptions {
  readonly count: number;
  readonly page: number;
  readonly hasNext: boolean;
  /** Of the list, with or without a slash at the end. */
  readonly path: string;
  readonly parameters: readonly Parameter[];
}

/** The links keep all parameters, sorted by name, and replace `page`. */
export const renderPage = ({ count, page, hasNext, path, parameters }: PageOptions): PageEnvelope => {
  const link = (other: number): string => {
    const query = new URLSearchParams(parameters.map(([name, value]): [string, string] => [name, value]));
    query.set('page', String(other));
    query.sort();
    return `${path.replace(/\/*$/, '/')}?${query.toString()}`;
  };
  return { count, next: hasNext ? link(page + 1) : null, previous: page > 1 ? link(page - 1) : null };
};
