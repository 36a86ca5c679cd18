/** `borg --version` as `1.2.4`, or undefined when it is something else. */
export const parseBorgVersion = (text: string): string | undefined =>
  /^borg\S* (\d+\.\d+\.\d+\S*)\s*$/m.exec(text)?.[1];

/** The versions we speak to: 1.2 and later 1.x. */
export const isSupportedBorg = (version: string): boolean => /^1\.([2-9]|\d\d)\./.test(version);
