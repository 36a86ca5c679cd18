import { rawPath, readablePath } from './entry-path.ts';

/** A text as tables hold it: readable, and its bytes where they are not UTF-8. */
export interface PathForms {
  readonly text: string;
  readonly raw: string | null;
}

export const pathForms = (path: string): PathForms =>
  path.isWellFormed() ? { text: path, raw: null } : { text: readablePath(path), raw: rawPath(path) };
