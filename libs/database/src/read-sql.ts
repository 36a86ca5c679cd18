import { readFileSync } from 'node:fs';

/** A statement that stands in a file of its own beside its one caller: `readSql(new URL('./open-jobs.sql', import.meta.url))`. */
export const readSql = (file: URL): string => readFileSync(file, 'utf8');
