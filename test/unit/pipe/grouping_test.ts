/** Tests of grouping records by category, against a simple model. */

import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { Grouping } from "../../../src/pipe/grouping.ts";
import { RecordBatch } from "../../../src/ring/record_batch.ts";

function batchOf(categories: readonly number[]): RecordBatch {
  const batch = new RecordBatch();
  batch.categories.set(categories);
  batch.count = categories.length;
  return batch;
}

/** The groups, as lists of indices by category in the order of their first record. */
function takeAll(grouping: Grouping): [number, number[]][] {
  const found = [...grouping.categories.subarray(0, grouping.length)];
  return found.map((category) => {
    const count = grouping.take(category);
    const first = category << 8;
    return [category, [...grouping.lists.subarray(first, first + count)]];
  });
}

Deno.test("records are listed by category in their order, up to the first that is not grouped", () => {
  const grouping = new Grouping();
  for (const category of [0, 2, 3]) grouping.set(category, true);
  assertEquals(grouping.group(batchOf([2, 0, 2, 1, 3]), 0, -1), 3);
  assertEquals(takeAll(grouping), [[2, [0, 2]], [0, [1]]]);
  assertEquals(grouping.group(batchOf([2, 0, 2, 1, 3]), 4, -1), 5);
  assertEquals(takeAll(grouping), [[3, [4]]]);
  grouping.set(3, false);
  assertEquals(grouping.group(batchOf([3]), 0, -1), 0);
  assertEquals(grouping.length, 0);
});

Deno.test("any categories are grouped as a map would, batch after batch", () => {
  const categories = fc.array(fc.oneof(fc.nat(40), fc.integer()), { maxLength: RecordBatch.CAPACITY });
  fc.assert(
    fc.property(fc.array(categories, { maxLength: 4 }), fc.uniqueArray(fc.nat(40)), (batches, grouped) => {
      const grouping = new Grouping();
      for (const category of grouped) grouping.set(category, true);
      for (const batch of batches) {
        const expected = new Map<number, number[]>();
        let end = 0;
        for (; end < batch.length && grouped.includes(batch[end]!); end++) {
          expected.set(batch[end]!, [...expected.get(batch[end]!) ?? [], end]);
        }
        assertEquals(grouping.group(batchOf(batch), 0, -1), end);
        assertEquals(takeAll(grouping), [...expected]);
      }
    }),
  );
});
