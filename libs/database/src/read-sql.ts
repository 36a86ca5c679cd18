import { readFileSync } from 'node:fs';

/**
 * A statement that stands in a file of its own beside its one caller. Read when the module is loaded.
 * @param file for example `./open-jobs.sql`
 * @param module the caller's `import.meta.url`
 */
export const readSql = (file: string, module: string): string => readFileSync(new URL(file, module), 'utf8');
