/**
 * In SQL: what `catalog.folders.raw` is for the folder that an entry names, which lies in the folder `above` and has the name
 * `n`: null where both are UTF-8, else the bytes of the whole path in base64, in one line.
 */
export const FOLDER_RAW = `
  case when above.raw is not null or n.raw is not null then
    translate(encode(
      coalesce(decode(above.raw, 'base64'), convert_to(above.path, 'UTF8'))
        || coalesce(decode(n.raw, 'base64'), convert_to(n.name, 'UTF8')) || '\\x2f'::bytea, 'base64'), E'\\n', '')
  end`;
