import { assertEquals } from "@std/assert";
import { ep_cmp_ffd, InterestTree } from "../../../src/eventpoll/interest.ts";
import { RbNode } from "../../../src/eventpoll/rbtree.ts";

class Item {
  readonly rbn: RbNode<this> = new RbNode(this);
  readonly ffd: { readonly file: { readonly ino: number }; readonly fd: number };

  constructor(ino: number, fd: number) {
    this.ffd = { file: { ino }, fd };
  }
}

Deno.test("keys are ordered by file and then by number", () => {
  const keys = [[2, 1], [1, 9], [2, 0], [1, 3]].map(([ino, fd]) => ({ file: { ino: ino! }, fd: fd! }));
  const sorted = keys.toSorted(ep_cmp_ffd).map(({ file, fd }) => [file.ino, fd]);
  assertEquals(sorted, [[1, 3], [1, 9], [2, 0], [2, 1]]);
});

Deno.test("the same file under two numbers, and the same number for two files, are items of their own", () => {
  const tree = new InterestTree<Item>();
  const items = [[7, 4], [7, 3], [8, 4]].map(([ino, fd]) => new Item(ino!, fd!));
  for (const item of items) tree.insert(item);
  for (const item of items) assertEquals(tree.find(item.ffd), item);
  assertEquals(tree.find({ file: { ino: 8 }, fd: 3 }), null);
  assertEquals(tree.size, 3);
  assertEquals([...tree], [items[1]!, items[0]!, items[2]!]);
  tree.erase(items[0]!);
  assertEquals(tree.find(items[0]!.ffd), null);
  assertEquals([...tree], [items[1]!, items[2]!]);
  assertEquals(tree.size, 2);
});
