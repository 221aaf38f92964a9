import { assertEquals } from "@std/assert";
import fc from "fast-check";
import {
  list_add,
  list_add_tail,
  list_del_init,
  list_empty,
  list_splice_init,
  ListHead,
} from "../../../src/eventpoll/list.ts";

function listOf(...owners: number[]): ListHead<number> {
  const list = new ListHead<number>();
  for (const owner of owners) list_add_tail(new ListHead(owner), list);
  return list;
}

/** Both directions must tell the same. */
function ownersOf(list: ListHead<number>): number[] {
  const backwards: number[] = [];
  for (let link = list.prev; link !== list; link = link.prev) backwards.push(link.owner!);
  assertEquals([...list], backwards.toReversed());
  return backwards.toReversed();
}

Deno.test("a list takes in at both ends and lets go anywhere, as an array does", () => {
  const links = Array.from({ length: 8 }, (_, owner) => new ListHead(owner));
  const change = fc.tuple(fc.constantFrom("head", "tail", "out"), fc.nat(links.length - 1));
  fc.assert(
    fc.property(fc.array(change, { maxLength: 60 }), (changes) => {
      const list = new ListHead<number>();
      let model: number[] = [];
      for (const [what, index] of changes) {
        const link = links[index]!;
        model = model.filter((owner) => owner !== index);
        list_del_init(link);
        if (what === "head") {
          list_add(link, list);
          model.unshift(index);
        } else if (what === "tail") {
          list_add_tail(link, list);
          model.push(index);
        }
        assertEquals(ownersOf(list), model);
        assertEquals(links.map((each) => !list_empty(each)), links.map((_, owner) => model.includes(owner)));
      }
      for (const link of links) list_del_init(link);
      assertEquals(list_empty(list), true);
    }),
    { seed: 1 },
  );
});

Deno.test("a splice puts the whole list in front of another and leaves it empty", () => {
  for (const [moved, stays] of [[[1, 2], [3]], [[], [3]], [[1], []], [[], []]] as const) {
    const list = listOf(...moved);
    const head = listOf(...stays);
    list_splice_init(list, head);
    assertEquals(ownersOf(head), [...moved, ...stays]);
    assertEquals(ownersOf(list), []);
  }
});

Deno.test("the owner a walk stands on may be taken out", () => {
  const list = listOf(1, 2, 3);
  const seen: number[] = [];
  for (const owner of list) {
    seen.push(owner);
    list_del_init(list.next);
  }
  assertEquals(seen, [1, 2, 3]);
  assertEquals(list_empty(list), true);
});
