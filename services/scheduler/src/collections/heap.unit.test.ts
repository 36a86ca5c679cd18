import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createHeap } from './heap.ts';

interface Item {
  key: number;
}

describe('a heap', () => {
  it('has first what comes first, whatever is added, moved and removed', () => {
    const step = fc.record({ do: fc.constantFrom('add', 'move', 'remove'), pick: fc.nat(40), key: fc.nat(20) });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
        const heap = createHeap<Item>((a, b) => a.key - b.key);
        const items: Item[] = [];
        for (const { do: what, pick, key } of steps) {
          const item = items[pick % Math.max(1, items.length)];
          if (what === 'add' || !item) {
            items.push({ key });
            heap.add(items.at(-1)!);
          } else {
            heap.remove(item);
            if (what === 'remove') items.splice(items.indexOf(item), 1);
            else {
              item.key = key;
              heap.add(item);
            }
          }
          expect(heap.size).toBe(items.length);
          expect(heap.first()?.key).toBe(items.length > 0 ? Math.min(...items.map((each) => each.key)) : undefined);
          const leading = heap.leading((each) => each.key < 10);
          expect(leading.map((each) => each.key).sort()).toEqual(
            items
              .map((each) => each.key)
              .filter((each) => each < 10)
              .sort(),
          );
        }
        const served: number[] = [];
        for (let first = heap.first(); first; first = heap.first()) {
          served.push(first.key);
          heap.remove(first);
        }
        expect(served).toEqual(items.map((each) => each.key).sort((a, b) => a - b));
      }),
    );
  });

  it('adds a thing once, and does not mind removing what is not there', () => {
    const heap = createHeap<Item>((a, b) => a.key - b.key);
    const item = { key: 1 };
    heap.add(item);
    heap.add(item);
    heap.remove({ key: 1 });
    expect([heap.size, heap.has(item)]).toEqual([1, true]);
    heap.remove(item);
    heap.remove(item);
    expect([heap.size, heap.has(item), heap.first()]).toEqual([0, false, undefined]);
  });
});
