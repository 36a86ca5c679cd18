/** What ping and config say; the package's own version. */
export const VERSION = '0.1.0';
