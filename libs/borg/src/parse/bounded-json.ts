import { isNestedTooDeeply } from '@cyborgbackup/kernel';

/** More values than this, 64 bytes each in memory, are no answer of borg: a list of 100,000 archives has half as many. */
const MAX_VALUES = 2_000_000;

/** An upper bound, since a comma or a bracket in a text counts too. */
const hasTooManyValues = (json: string): boolean => {
  let values = 1;
  for (let at = 0; at < json.length; at += 1) {
    const character = json.charCodeAt(at);
    if (character === 0x2c || character === 0x5b || character === 0x7b) values += 1;
    if (values > MAX_VALUES) return true;
  }
  return false;
};

/**
 * Parses JSON that a host sent, whose length the caller has bounded. Text of 16 MiB may be eight million nested lists, which take
 * half a gigabyte and the stack of whoever walks through them.
 * @throws Error with a clause that says what is wrong with it
 */
export const parseBoundedJson = (json: string): unknown => {
  if (isNestedTooDeeply(json)) throw new Error('it is nested too deeply');
  if (hasTooManyValues(json)) throw new Error(`it has more than ${MAX_VALUES} values`);
  try {
    return JSON.parse(json);
  } catch (cause) {
    throw new Error('it is not JSON', { cause });
  }
};
