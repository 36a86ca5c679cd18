/** The version of this package, which ping and config answer. */
export const VERSION = '0.1.0';
