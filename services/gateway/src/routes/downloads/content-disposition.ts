const QUOTABLE = /[^\x20-\x7e]|["\\%]/g;

/** RFC 5987: all but its attribute characters in percent form. */
const extended = (name: string): string =>
  encodeURIComponent(name.toWellFormed()).replace(
    /['()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );

/** Makes browsers save the answer under this name, whatever it holds; old ones get it with `_` for what is not ASCII. */
export const contentDisposition = (name: string): string => {
  const plain = name.replace(QUOTABLE, '_');
  return `attachment; filename="${plain}"${plain === name ? '' : `; filename*=UTF-8''${extended(name)}`}`;
};
