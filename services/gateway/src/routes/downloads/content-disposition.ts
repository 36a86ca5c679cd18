const QUOTABLE = /[^\x20-\x7e]|["\\%]/g;

/** RFC 5987: all but its attribute characters in percent form. */
const extended = (name: string): string =>
  encodeURIComponent(name.toWellFormed()).replace(
    /['()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );

/** Makes browsers save the answer under this name; old ones use the form with `_` for characters that are not ASCII. */
export const contentDisposition = (name: string): string => {
  const plain = name.replace(QUOTABLE, '_');
  return `attachment; filename="${plain}"${plain === name ? '' : `; filename*=UTF-8''${extended(name)}`}`;
};
