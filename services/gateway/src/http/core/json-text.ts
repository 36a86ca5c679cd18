/** DEL and C1, which JSON lets through as they are, and some terminals obey. */
const UNESCAPED_CONTROL = /[\x7f-\x9f]/g;

const escaped = (control: string): string => `\\u00${control.charCodeAt(0).toString(16)}`;

/**
 * JSON without any control character: names of files and output of hosts are in it, and it is read in terminals (`curl`). It
 * says the same as what `JSON.stringify` writes.
 */
export const jsonText = (value: unknown): string => JSON.stringify(value).replace(UNESCAPED_CONTROL, escaped);
