/** What a perf source refuses: use after close, and a map that another source reads. */

import { assertEquals, assertThrows } from "@std/assert";
import { BpfObject, EventPipe, EventPipeError, PerfSource } from "../../mod.ts";
import { kernelTest } from "./_kernel.ts";

kernelTest("PerfSource refuses to be used after close, so that no file of others is read", () => {
  const source = PerfSource.open({ ringBytes: 4096 });
  source.close();
  for (
    const use of [
      () => source.lost(0),
      () => source.mapFd,
      () => source.readiness,
      () => source.openScanner(),
      () => source.start(),
      () => EventPipe.open({ source }),
    ]
  ) {
    assertEquals(assertThrows(use, EventPipeError, "the perf source is closed").code, "CLOSED");
  }
  source.close();
});

kernelTest("PerfSource refuses a map that another source reads, until that one is closed", () => {
  using object = BpfObject.open(Deno.readFileSync(new URL("../../bpf/load.bpf.o", import.meta.url)));
  object.load();
  const map = object.map("events");
  const first = PerfSource.open({ ringBytes: 4096, map });
  assertThrows(() => PerfSource.open({ ringBytes: 8192, map }), TypeError, "another source reads this map");
  first.close();
  PerfSource.open({ ringBytes: 8192, map }).close();
});
