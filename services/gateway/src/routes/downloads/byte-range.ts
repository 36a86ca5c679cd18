export interface ByteRange {
  readonly offset: number;
  readonly length: number;
}

const SINGLE = /^bytes=(\d{0,15})-(\d{0,15})$/;

const suffix = (length: number, size: number): ByteRange | 'unsatisfiable' =>
  length === 0 ? 'unsatisfiable' : { offset: size - length, length };

/**
 * The part of a file of this size that a `Range` header requests (RFC 9110): undefined for the whole file, also for a header
 * that is not understood or has several ranges; `unsatisfiable` for a part beyond the end.
 */
export const parseByteRange = (header: string, size: number): ByteRange | 'unsatisfiable' | undefined => {
  const [, first, last] = SINGLE.exec(header.replaceAll(' ', '')) ?? [];
  if (first === undefined || last === undefined || first + last === '') return undefined;
  if (first === '') return suffix(Math.min(Number(last), size), size);
  const offset = Number(first);
  if (last !== '' && Number(last) < offset) return undefined;
  if (offset >= size) return 'unsatisfiable';
  const end = last === '' ? size : Math.min(Number(last) + 1, size);
  return { offset, length: end - offset };
};
