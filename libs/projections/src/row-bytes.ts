/** Objects, keys and pointers; from heap snapshots of rows with some ten columns. */
const PER_VALUE = 24;

/** Roughly what a value, or a row, takes in memory. */
export const bytesOf = (value: unknown): number => {
  if (typeof value === 'string') return PER_VALUE + value.length;
  if (typeof value !== 'object' || value === null) return PER_VALUE;
  let bytes = PER_VALUE;
  for (const part of Object.values(value)) bytes += bytesOf(part);
  return bytes;
};
