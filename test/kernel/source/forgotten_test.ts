/** Sources and pipes that nobody closed: the garbage collector gives back what they held, and nothing else. */

import { assertEquals } from "@std/assert";
import { Catalog } from "../../../src/trace/catalog.ts";
import { runChild } from "../_child.ts";
import { kernelTest, testCpus } from "../_kernel.ts";

const [cpu = 0] = testCpus;

kernelTest("what is forgotten is released, what is kept or runs is not, and views read nothing", async () => {
  const id = Catalog.open().id("syscalls:sys_enter_dup");
  const wrapper = ["env", "DENO_V8_FLAGS=--expose-gc"];
  const { code, lines, stderr } = await runChild("source/_forgotten.ts", [cpu, id].map(String), wrapper);
  assertEquals(code, 0, stderr);
  const cases = lines.map((line): { name: string; result: unknown; left: number } => JSON.parse(line));
  assertEquals(cases.filter(({ left }) => left !== 0), []);
  assertEquals(Object.fromEntries(cases.map(({ name, result }) => [name, result])), {
    "a source": null,
    overwritable: null,
    ringbuf: null,
    tracepoints: null,
    "a pipe with epoll": null,
    "a pipe with poll": null,
    // The slots of a map that lives on are emptied, and it can be read again.
    "a given map": { taken: "TypeError", produced: 5, refused: { ENOENT: 3 } },
    views: {
      before: [false, 0, 0, true],
      after: [true, null, 0],
      thrown: ["TypeError", "TypeError"],
    },
    kept: 5,
    running: 36,
    closed: [true, ...Array(8).fill(0)],
  });
}, { tracefs: true, commands: ["env"] });
