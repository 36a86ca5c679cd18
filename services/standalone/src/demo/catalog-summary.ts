import { z } from 'zod';
import type { ApiClient } from './api-client.ts';

const entry = z.object({ path: z.string(), mode: z.string(), size: z.number() });
type Entry = z.output<typeof entry>;
const page = z.object({ count: z.number(), next: z.string().nullable(), results: z.array(entry) });

export interface Folder {
  readonly name: string;
  readonly files: number;
  readonly bytes: number;
}

export interface CatalogSummary {
  readonly entries: number;
  /** What lies directly below the folder that was backed up, largest first. */
  readonly folders: readonly Folder[];
  /** A small file, to restore. */
  readonly sample: Entry | undefined;
}

const SAMPLE_BYTES = 1_000_000;

/** Reads an archive's catalog page by page. @param root the folder that was backed up, as the archive has it */
export const summarise = async (api: ApiClient, archive: string, root: string): Promise<CatalogSummary> => {
  const folders = new Map<string, Folder>();
  let sample: Entry | undefined;
  const add = (item: Entry): void => {
    if (!item.mode.startsWith('-') || !item.path.startsWith(`${root}/`)) return;
    const [name = '', ...below] = item.path.slice(root.length + 1).split('/');
    const key = below.length > 0 ? `${name}/` : name;
    const { files, bytes } = folders.get(key) ?? { files: 0, bytes: 0 };
    folders.set(key, { name: key, files: files + 1, bytes: bytes + item.size });
    if (item.size > (sample?.size ?? 0) && item.size < SAMPLE_BYTES) sample = item;
  };
  let entries = 0;
  let next: string | null = `/api/v1/catalogs/?archive_name=${encodeURIComponent(archive)}&order=id&page_size=1000`;
  while (next !== null) {
    const { count, next: following, results }: z.output<typeof page> = await api.get(next, page);
    for (const item of results) add(item);
    entries = count;
    next = following;
  }
  return { entries, folders: [...folders.values()].sort((a, b) => b.bytes - a.bytes), sample };
};
