import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createFolderTree, rollUp } from './folder-tree.ts';

const folder = fc
  .array(fc.constantFrom('a', 'b', '', 'c c'), { maxLength: 5 })
  .map((parts) => parts.map((part) => `${part}/`).join(''));

test('lists folders after all folders above them, and rolls totals up to the root', () => {
  fc.assert(
    fc.property(fc.array(folder, { maxLength: 10 }), (paths) => {
      const tree = createFolderTree();
      const at = paths.map((path) => tree.positionOf(path));
      expect(at.map((position) => tree.folders[position]?.path)).toEqual(paths);
      expect(new Set(tree.folders.map(({ path }) => path)).size).toBe(tree.folders.length);
      const totals = tree.folders.map(() => ({ entries: 0, files: 0, bytes: 0 }));
      for (const position of at) totals[position]!.entries += 1;
      rollUp(tree.folders, totals);
      for (const [position, { path, parent }] of tree.folders.entries()) {
        expect(parent).toBeLessThan(position);
        expect(totals[position]!.entries).toBe(paths.filter((each) => each.startsWith(path)).length);
      }
    }),
  );
});
