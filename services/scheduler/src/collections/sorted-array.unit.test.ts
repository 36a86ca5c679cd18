import fc from 'fast-check';
import { expect, it } from 'vitest';
import { insertSorted, removeSorted } from './sorted-array.ts';

const ascending = (a: number, b: number): number => a - b;

it('keeps its items sorted whatever is inserted and removed', () => {
  const step = fc.record({ isRemoval: fc.boolean(), item: fc.nat(40) });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
      const sorted: number[] = [];
      const model = new Set<number>();
      for (const { isRemoval, item } of steps) {
        if (isRemoval) expect(removeSorted(sorted, item, ascending)).toBe(model.delete(item));
        else if (!model.has(item)) {
          insertSorted(sorted, item, ascending);
          model.add(item);
        }
        expect(sorted).toEqual([...model].sort(ascending));
      }
    }),
  );
});
