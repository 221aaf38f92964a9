/**
 * Calls back from C into TypeScript: lfind of libc, <search.h>, compares with each of many elements through a callback.
 *
 * @module
 */

import type { Crossing } from "./crossing.ts";

/** Elements of a search, so that the call of lfind itself is no part of the time. */
const ELEMENTS = 256;

/**
 * Opens libc and makes the crossing.
 *
 * @returns The crossing; libc and the callback stay open.
 */
export function callbacks(): Crossing[] {
  const { symbols } = Deno.dlopen("libc.so.6", {
    /** `void *lfind(const void *key, const void *base, size_t *nmemb, size_t size, comparison_fn_t compar)`. */
    lfind: { parameters: ["pointer", "pointer", "buffer", "u64", "function"], result: "pointer" },
  });
  let calls = 0;
  const compare = new Deno.UnsafeCallback({ parameters: ["pointer", "pointer"], result: "i32" }, () => {
    calls++;
    return 1; // different from the key, so that the search goes on
  });
  const elements = Deno.UnsafePointer.of(new Uint8Array(ELEMENTS));
  const count = BigUint64Array.of(BigInt(ELEMENTS));
  return [{
    group: "callback from C",
    name: "(pointer, pointer) -> i32",
    run(wanted: number): number {
      calls = 0;
      for (let called = 0; called < wanted; called += ELEMENTS) {
        symbols.lfind(elements, elements, count, 1n, compare.pointer);
      }
      return calls;
    },
  }];
}
