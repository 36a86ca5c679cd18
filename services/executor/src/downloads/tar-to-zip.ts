import { AppError } from '@cyborgbackup/kernel';
import { dirname, relative } from 'node:path/posix';
import type { TarConsumer, TarItem } from '../tar/tar-reader.ts';
import type { ZipWriter } from './zip-writer.ts';

/** What has passed goes to a receiver who may unpack it as root. @throws AppError `conflict` */
export const refuseUnsafe = ({ unsafe }: TarItem): void => {
  if (unsafe === '') return;
  throw new AppError(
    'conflict',
    `The archive is not safe to unpack: ${unsafe}. Download single files, or restore its safe entries with allow_unsafe.`,
  );
};

const FILE = 0o100_000;
const FOLDER = 0o040_000;
const SYMLINK = 0o120_000;

/** A zip knows no hard links: such a name becomes a symbolic link to the other one. */
const linkTo = (from: Buffer, to: Buffer): Buffer => {
  // latin1 keeps bytes as they are.
  const [name, target] = [from.toString('latin1'), to.toString('latin1')];
  return Buffer.from(relative(dirname(`/${name}`), `/${target}`), 'latin1');
};

const folderName = (name: Buffer): Buffer => (name.at(-1) === 0x2f ? name : Buffer.concat([name, Buffer.from('/')]));

/** Puts the items of a tar into a zip, as far as a zip can hold them. */
export const tarToZip = (zip: ZipWriter): TarConsumer & { finish(): Promise<void> } => {
  let isFile = false;
  let leftOut = 0;

  const begin = async (tarItem: TarItem): Promise<void> => {
    refuseUnsafe(tarItem);
    const { name, type, mode, mtime, size, link } = tarItem;
    const item = { name, mtime };
    isFile = type === '0' && size > 0;
    if (isFile) return zip.begin({ ...item, mode: FILE | mode }, size);
    switch (type) {
      case '0':
        return zip.add({ ...item, mode: FILE | mode });
      case '1':
        return zip.add({ ...item, mode: SYMLINK | 0o777 }, linkTo(name, link));
      case '2':
        return zip.add({ ...item, mode: SYMLINK | 0o777 }, link);
      case '5':
        return zip.add({ ...item, name: folderName(name), mode: FOLDER | mode });
      default:
        leftOut += 1;
    }
  };

  return {
    begin,
    data: (chunk) => (isFile ? zip.data(chunk) : Promise.resolve()),
    end: () => (isFile ? zip.end() : Promise.resolve()),
    finish: () =>
      zip.finish(leftOut === 0 ? '' : `${leftOut} devices and pipes were left out: a zip cannot hold them, a tar can.`),
  };
};
