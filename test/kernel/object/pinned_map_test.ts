/** Maps with a name in the BPF file system: pinned, opened again, and what is refused. */

import { assertEquals, assertThrows } from "@std/assert";
import { BpfObject, EventPipeError } from "../../../mod.ts";
import { findMount } from "../../../src/cli/mounts.ts";
import { cstring } from "../../../src/ffi/cstring.ts";
import { libbpf } from "../../../src/ffi/libbpf.ts";
import { openPinnedMap, pinMap } from "../../../src/object/pinned_map.ts";
import { kernelTest, testProgram } from "../_kernel.ts";

const bpffs = findMount("bpffs");
const needs = { programs: ["ringbuf"], trait: bpffs === null ? "bpffs is not mounted" : null };

/** Runs a body with a loaded object and a path that nothing is pinned at before and after. */
function withPath(body: (object: BpfObject, path: string) => void): void {
  const path = `${bpffs}/eventpipe_pin_${Deno.pid}`;
  using object = BpfObject.open(testProgram("ringbuf"));
  object.load();
  try {
    body(object, path);
  } finally {
    Deno.removeSync(path);
  }
}

kernelTest("a pinned map is opened again with its size, also when its object is closed", () => {
  withPath((object, path) => {
    pinMap(object.map("counters"), path);
    using first = openPinnedMap(path);
    object.close();
    using second = openPinnedMap(path);
    assertEquals([first.maxEntries, second.maxEntries], [3, 3]);
    assertEquals(first.fd === second.fd, false);
    first.close();
    first.close();
    assertEquals(assertThrows(() => first.fd, EventPipeError).code, "CLOSED");
  });
}, needs);

kernelTest(
  "pinning where something is pinned, and outside of a BPF file system, are errors with advice",
  () => {
    withPath((object, path) => {
      pinMap(object.map("refused"), path);
      const map = object.map("counters");
      assertThrows(() => pinMap(map, path), EventPipeError, "EEXIST (17); something is pinned there already");
      assertThrows(() => pinMap(map, `/tmp/eventpipe_pin`), EventPipeError, "must lie in a BPF file system");
      assertThrows(() => pinMap(map, `${bpffs}/with.dot`), EventPipeError, "its names have no dots");
      assertThrows(() => pinMap({ fd: -1 }, path), RangeError, "-1 is no file descriptor");
      using pinned = openPinnedMap(path);
      assertEquals(pinned.maxEntries, 1, "what was pinned first is still there");
    });
  },
  needs,
);

kernelTest("opening where nothing is pinned, or what is no map, are errors that say so", () => {
  withPath((object, path) => {
    assertThrows(() => openPinnedMap(path), EventPipeError, `Cannot open the map pinned at ${path}`);
    assertThrows(() => openPinnedMap("/tmp"), EventPipeError, "must lie in a BPF file system");
    assertEquals(libbpf().bpf_obj_pin(object.program("reserve").fd, cstring(path)), 0);
    assertThrows(() => openPinnedMap(path), TypeError, "what is pinned there is no map");
  });
}, needs);
