/** Tests of choosing a waiter by name. */

import { assert, assertEquals, assertThrows } from "@std/assert";
import type { Readiness } from "../../../src/ring/readiness.ts";
import { RingSignals } from "../../../src/ring/signals.ts";
import { MemorySource } from "../../../src/source/memory.ts";
import { AtomicsWaiter } from "../../../src/wait/atomics.ts";
import { ModelWaiter } from "../../../src/wait/model.ts";
import { defaultWaiter, openWaiter, type WaiterName } from "../../../src/wait/open.ts";
import { SpinWaiter } from "../../../src/wait/spin.ts";
import { SpinSleepWaiter } from "../../../src/wait/spin_sleep.ts";
import { StopToken } from "../../../src/wait/stop_token.ts";

const words = new Int32Array(new SharedArrayBuffer(RingSignals.wordCount(1) * 4));
const memory: Readiness = { kind: "signals", words };
const kernel: Readiness = { kind: "fds", fds: [] };
const hasUnread = (): boolean => false;

Deno.test("defaultWaiter is epoll for files and atomics for memory", () => {
  assertEquals([defaultWaiter(kernel), defaultWaiter(memory)], ["epoll", "atomics"]);
});

Deno.test("openWaiter gives memory rings the waiters that need no file, and no other", () => {
  assert(openWaiter("atomics", memory) instanceof AtomicsWaiter);
  assert(openWaiter("spin", memory, { hasUnread }) instanceof SpinWaiter);
  assert(openWaiter("spin-sleep", memory, { hasUnread }) instanceof SpinSleepWaiter);
  for (const name of ["epoll", "poll", "nonsense" as WaiterName] as const) {
    assertThrows(
      () => openWaiter(name, memory, { hasUnread }),
      TypeError,
      `Cannot open the waiter "${name}": memory rings have no files; use "atomics", "model", "spin" or "spin-sleep"`,
    );
  }
});

Deno.test("openWaiter opens the model where writers of this isolate wake the reader, and nowhere else", () => {
  const source = MemorySource.open();
  const waiter = openWaiter("model", source.readiness);
  assert(waiter instanceof ModelWaiter);
  waiter.close();
  source.close();
  assertThrows(
    () => openWaiter("model", memory),
    TypeError,
    "it hears the writers of a MemorySource in this isolate",
  );
});

Deno.test("openWaiter refuses kernel rings what sleeps on memory, and names the others", () => {
  for (const name of ["atomics", "model", "nonsense" as WaiterName] as const) {
    assertThrows(
      () => openWaiter(name, kernel, { hasUnread }),
      TypeError,
      `Cannot open the waiter "${name}": kernel rings are waited for with "epoll", "poll", "spin" or "spin-sleep"`,
    );
  }
});

Deno.test("openWaiter spins only where it is told how to look at the rings", () => {
  for (const name of ["spin", "spin-sleep"] as const) {
    assertThrows(() => openWaiter(name, memory), TypeError, "it must be told how to look at the rings");
  }
});

Deno.test("openWaiter refuses what another isolate has sent for a stop token, and says what to do", () => {
  const shared = { flag: new SharedArrayBuffer(4), fd: null };
  assertThrows(
    () => openWaiter("atomics", memory, { hasUnread, token: shared as unknown as StopToken }),
    TypeError,
    "make it from what was sent with StopToken.of",
  );
  openWaiter("atomics", memory, { hasUnread, token: StopToken.of(shared) }).close();
});
