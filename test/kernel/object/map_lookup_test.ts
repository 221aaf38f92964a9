/** What a lookup writes, which the kernel does whatever the buffer's size is. */

import { assertEquals, assertThrows } from "@std/assert";
import { EventPipeError } from "../../../src/errors.ts";
import { BpfObject } from "../../../src/object/bpf_object.ts";
import { possibleCpus } from "../../../src/source/cpus.ts";
import { kernelTest } from "../_kernel.ts";

/** bpf/load.bpf.c `struct load_counters`: 129 u64s. */
const VALUE_BYTES = 129 * 8;

/** The load generator's object, loaded. */
function loadObject(): BpfObject {
  const object = BpfObject.open(Deno.readFileSync(new URL("../../../bpf/load.bpf.o", import.meta.url)));
  object.map("events").setMaxEntries(1);
  object.load();
  return object;
}

kernelTest("lookup refuses a buffer that has no room for the value of every possible CPU", () => {
  using object = loadObject();
  const counters = object.map("counters");
  const enough = VALUE_BYTES * possibleCpus().length;
  assertThrows(
    () => counters.lookup(new Uint8Array(4), new Uint8Array(enough - 1)),
    RangeError,
    `a value at least ${enough} bytes, given were 4 and ${enough - 1}`,
  );
  assertEquals(counters.lookup(new Uint8Array(4), new Uint8Array(enough)), true);
});

kernelTest("lookup says whether the key is there, and writes nothing behind the value", () => {
  using object = loadObject();
  const counters = object.map("counters");
  const enough = VALUE_BYTES * possibleCpus().length;
  const value = new Uint8Array(enough + 64).fill(0xee);
  assertEquals(counters.lookup(new Uint8Array([0, 0, 0, 0]), value), true);
  assertEquals([...value.subarray(enough)], Array(64).fill(0xee));
  assertEquals(value.subarray(0, enough).every((byte) => byte === 0), true);
  assertEquals(counters.lookup(new Uint8Array([1, 0, 0, 0]), value), false);
});

kernelTest("lookup throws where the kernel refuses, and does not call that a missing key", () => {
  using object = loadObject();
  assertThrows(
    () => object.map("events").lookup(new Uint8Array(4), new Uint8Array(4)),
    EventPipeError,
    "Cannot look into the map events: bpf_map_lookup_elem returned ",
  );
});

kernelTest("reuseFd refuses what is no file descriptor before libbpf sees it", () => {
  using object = BpfObject.open(Deno.readFileSync(new URL("../../../bpf/load.bpf.o", import.meta.url)));
  for (const fd of [-1, 0.5, 2 ** 32 + 3, NaN]) {
    assertThrows(() => object.map("events").reuseFd(fd), RangeError, `${fd} is no file descriptor`);
  }
});
