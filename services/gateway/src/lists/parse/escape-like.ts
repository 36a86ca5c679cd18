/** Text for a LIKE pattern in which nothing is a wildcard. */
export const escapeLike = (text: string): string => text.replaceAll(/[\\%_]/g, String.raw`\$&`);
