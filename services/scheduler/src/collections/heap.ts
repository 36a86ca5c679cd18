/** Things in the order of a comparison, which may change as long as whoever changes it takes the thing out before. */
export interface Heap<Item extends object> {
  readonly size: number;
  /** The one that comes before all others. */
  first(): Item | undefined;
  has(item: Item): boolean;
  add(item: Item): void;
  remove(item: Item): void;
  /** All for which the test holds, in any order; it must hold for each that comes before one for which it does. */
  leading(test: (item: Item) => boolean): readonly Item[];
}

/** A binary heap that knows where each item is: adding and removing take a time that grows with the logarithm of its size. */
export const createHeap = <Item extends object>(compare: (a: Item, b: Item) => number): Heap<Item> => {
  const items: Item[] = [];
  const places = new Map<Item, number>();

  const set = (place: number, item: Item): void => {
    items[place] = item;
    places.set(item, place);
  };

  const comesBefore = (item: Item, place: number): boolean => {
    const other = items[place];
    return other !== undefined && compare(item, other) < 0;
  };

  const rise = (item: Item, from: number): number => {
    let place = from;
    for (let parent = (place - 1) >> 1; place > 0 && comesBefore(item, parent); parent = (place - 1) >> 1) {
      const moved = items[parent];
      if (moved) set(place, moved);
      place = parent;
    }
    return place;
  };

  const firstChild = (place: number): number => {
    const left = 2 * place + 1;
    const right = items[left + 1];
    return right && comesBefore(right, left) ? left + 1 : left;
  };

  const sink = (item: Item, from: number): number => {
    let place = from;
    for (let child = firstChild(place); ; child = firstChild(place)) {
      const moved = items[child];
      if (!moved || compare(moved, item) >= 0) return place;
      set(place, moved);
      place = child;
    }
  };

  const remove = (item: Item): void => {
    const place = places.get(item);
    if (place === undefined) return;
    places.delete(item);
    const last = items.pop();
    if (!last || last === item) return;
    // Where the removed one was, the last one may belong further up or further down.
    const risen = rise(last, place);
    set(risen === place ? sink(last, place) : risen, last);
  };

  const leadingFrom = (place: number, test: (item: Item) => boolean, found: Item[]): void => {
    const item = items[place];
    if (!item || !test(item)) return;
    found.push(item);
    leadingFrom(2 * place + 1, test, found);
    leadingFrom(2 * place + 2, test, found);
  };

  return {
    get size() {
      return items.length;
    },
    first: () => items[0],
    has: (item) => places.has(item),
    add: (item) => {
      if (!places.has(item)) set(rise(item, items.length), item);
    },
    remove,
    leading: (test) => {
      const found: Item[] = [];
      leadingFrom(0, test, found);
      return found;
    },
  };
};
