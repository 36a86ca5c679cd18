/** Rows that entries refer to by id. None is ever removed, see `evolveSchedule` and `evolveRepository`. */
export interface References<Row> {
  readonly byId: ReadonlyMap<number, Row>;
  /** @returns names of the entries that refer to the row, if it was changed */
  update(uuid: string, change: (row: Row | undefined) => Row | undefined): ReadonlySet<string>;
  /** The entry of this name refers to another row, or to none. */
  refer(name: string, from: number | null | undefined, to: number | null | undefined): void;
}

const NO_NAMES: ReadonlySet<string> = new Set();

export const createReferences = <Row extends { readonly uuid: string; readonly id: number }>(
  rows: readonly Row[],
): References<Row> => {
  const byUuid = new Map(rows.map((row) => [row.uuid, row]));
  const byId = new Map(rows.map((row) => [row.id, row]));
  const names = new Map<number, Set<string>>();
  return {
    byId,
    update: (uuid, change) => {
      const old = byUuid.get(uuid);
      const row = change(old);
      if (!row || row === old) return NO_NAMES;
      byUuid.set(uuid, row);
      byId.set(row.id, row);
      return names.get(row.id) ?? NO_NAMES;
    },
    refer: (name, from, to) => {
      if (from === to) return;
      if (typeof from === 'number') names.get(from)?.delete(name);
      if (typeof to === 'number') names.set(to, (names.get(to) ?? new Set()).add(name));
    },
  };
};
