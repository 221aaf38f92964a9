import { assert, assertEquals, assertLessOrEqual } from "@std/assert";
import fc from "fast-check";
import { rb_next, RbNode, RbRoot } from "../../../src/eventpoll/rbtree.ts";

const compare = (a: number, b: number): number => a - b;

/** How many black nodes lie on each path down from here; checks all rules below. */
function blackHeight(node: RbNode<number> | null): number {
  if (node === null) return 0;
  for (const child of [node.left, node.right]) {
    if (child === null) continue;
    assert(child.parent === node, "a child knows its parent");
    assert(!(node.isRed && child.isRed), "a red node has black children");
  }
  const left = blackHeight(node.left);
  assertEquals(blackHeight(node.right), left, "all paths have as many black nodes");
  return left + (node.isRed ? 0 : 1);
}

function check(tree: RbRoot<number>): number[] {
  const { root } = tree;
  assert(root === null || (root.parent === null && !root.isRed), "the root is black and has nothing above");
  blackHeight(tree.root);
  const found: number[] = [];
  for (let node = tree.first(); node !== null; node = rb_next(node)) found.push(node.owner);
  return found;
}

function height(node: RbNode<number> | null): number {
  return node === null ? 0 : 1 + Math.max(height(node.left), height(node.right));
}

Deno.test("whatever goes in and out, a tree is in order and its paths are balanced", () => {
  const change = fc.record({ key: fc.nat(40), isIn: fc.boolean() });
  fc.assert(
    fc.property(fc.array(change, { maxLength: 120 }), (changes) => {
      const tree = new RbRoot<number>();
      const nodes = new Map<number, RbNode<number>>();
      for (const { key, isIn } of changes) {
        const node = nodes.get(key);
        if (isIn && node === undefined) {
          const added = new RbNode(key);
          nodes.set(key, added);
          tree.insert(added, compare);
        } else if (!isIn && node !== undefined) {
          nodes.delete(key);
          tree.erase(node);
        }
        assertEquals(check(tree), [...nodes.keys()].sort(compare));
      }
    }),
    { numRuns: 300, seed: 1 },
  );
});

Deno.test("equal ones stand in the order in which they came", () => {
  const tree = new RbRoot<{ key: number; age: number }>();
  for (const age of [1, 2, 3]) {
    for (const key of [5, 3]) tree.insert(new RbNode({ key, age }), (a, b) => a.key - b.key);
  }
  const found: [number, number][] = [];
  for (let node = tree.first(); node !== null; node = rb_next(node)) {
    found.push([node.owner.key, node.owner.age]);
  }
  assertEquals(found, [[3, 1], [3, 2], [3, 3], [5, 1], [5, 2], [5, 3]]);
});

Deno.test("100,000 keys in ascending order make a tree of no more than 34 levels", () => {
  const tree = new RbRoot<number>();
  for (let key = 0; key < 100_000; key++) tree.insert(new RbNode(key), compare);
  assertLessOrEqual(height(tree.root), 34); // 2 log2(n + 1)
  assertEquals(check(tree).length, 100_000);
});
