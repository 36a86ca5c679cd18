import { preconditionFailed } from '../core/http-error.ts';

export const etagOf = (revision: number): string => `"${revision}"`;

/**
 * @param ifMatch the header If-Match, empty when there is none
 * @returns whether the header demands this very revision, so that the change has to hold to it
 * @throws HttpError 412 when the header names other revisions only
 */
export const demandsRevision = (ifMatch: string, revision: number): boolean => {
  if (ifMatch === '' || ifMatch.trim() === '*') return false;
  const tags = ifMatch.split(',').map((tag) => tag.trim().replace(/^W\//, ''));
  if (!tags.includes(etagOf(revision))) throw preconditionFailed();
  return true;
};
