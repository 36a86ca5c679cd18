/** An item of a tar as an attacker writes it: any name, any order. */
export interface HostileItem {
  readonly path: string;
  /** Default: a file. */
  readonly type?: 'file' | 'folder' | 'link' | 'hard-link';
  /** What a link leads to. */
  readonly to?: string;
  readonly content?: string;
}

const TYPES = { file: '0', 'hard-link': '1', link: '2', folder: '5' } as const;
const BLOCK = 512;

const itemOf = ({ path, type = 'file', to = '', content = 'evil' }: HostileItem): Buffer => {
  const data = Buffer.from(type === 'file' ? content : '');
  const header = Buffer.alloc(BLOCK);
  const octal = (value: number, length: number): string => `${value.toString(8).padStart(length - 1, '0')}\0`;
  header.write(path, 0, 100, 'utf8');
  header.write(octal(type === 'folder' ? 0o755 : 0o644, 8), 100);
  for (const at of [108, 116]) header.write(octal(0, 8), at);
  header.write(octal(data.length, 12), 124);
  header.write(octal(1_700_000_000, 12), 136);
  header.write('        ', 148);
  header.write(TYPES[type], 156);
  header.write(to, 157, 100, 'utf8');
  header.write('ustar\0' + '00', 257, 'latin1');
  header.write(
    octal(
      header.reduce((sum, byte) => sum + byte, 0),
      7,
    ),
    148,
  );
  return Buffer.concat([header, data, Buffer.alloc(-data.length & (BLOCK - 1))]);
};

/**
 * A tar for `borg import-tar`, which takes over every path that is relative and does not begin with `../`: the way to a real archive
 * that no `borg create` would make.
 */
export const hostileTar = (items: readonly HostileItem[]): Buffer =>
  Buffer.concat([...items.map(itemOf), Buffer.alloc(2 * BLOCK)]);
