import { AppError } from '@cyborgbackup/kernel';

const DEFAULT_SIZE = 100;
export const MAX_SIZE = 1_000;
/** Rows of a few columns only (`fields=`): clients of the original fetch all archive names in one page. */
const MAX_NARROW_SIZE = 10_000;

export const invalidPage = (): AppError => new AppError('not-found', 'Invalid page.');

/** @throws AppError('not-found') for an invalid number of a page */
export const parsePage = (text = '1'): number | 'last' => {
  if (text === 'last') return text;
  const page = /^\d{1,9}$/.test(text) ? Number(text) : 0;
  if (page < 1) throw invalidPage();
  return page;
};

/** An invalid size is ignored; one above the maximum becomes the maximum. */
export const parsePageSize = (text = '', { isNarrow }: { readonly isNarrow: boolean }): number => {
  const size = /^\d+$/.test(text) ? Number(text) : 0;
  return size < 1 ? DEFAULT_SIZE : Math.min(size, isNarrow ? MAX_NARROW_SIZE : MAX_SIZE);
};
