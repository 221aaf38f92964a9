/**
 * The benchmark command as a user runs it, on kernel events.
 */

import { assertEquals } from "@std/assert";
import { fileURLToPath } from "node:url";
import { openRig } from "../../bench/cell/rig.ts";
import { buildRingbufLoad } from "../../bench/cell/ringbuf_load.ts";
import { LoadProducer } from "../../bench/load_generator.ts";
import { FLUSH_MS } from "../../bench/setting.ts";
import { LOAD_EVENT } from "../../src/abi/event.ts";
import { runBench } from "../bench/_bench.ts";
import { expectDropsFound, expectEverySuite, expectHonestCells } from "../bench/_expect.ts";
import { kernelTest, onCpu, testCpus } from "./_kernel.ts";

kernelTest(
  "bench on the kernel source writes exact cells that wake as told",
  () => expectHonestCells("kernel"),
);

kernelTest(
  "bench measures every suite on the kernel source, with all events accounted for in all their stages",
  () => expectEverySuite("kernel"),
  { commands: ["clang", "bpftool"] },
);

kernelTest(
  "bench exits 1 when a scanner drops every 1,000th record of the kernel source",
  () => expectDropsFound("kernel"),
);

kernelTest(
  "bench reads beside other programs on another CPU than it emits on, and says if there is none",
  async () => {
    const root = fileURLToPath(new URL("../../", import.meta.url));
    const args = ["--suite", "gate", "--quick", "--against", root];
    const flagsWith = async (prefix: readonly string[]): Promise<Set<string>> => {
      const { code, stderr, results } = await runBench(args, { prefix });
      assertEquals(code, 0, stderr);
      return new Set(results!.cells.flatMap(({ flags }) => flags.includes("one-cpu") ? ["one-cpu"] : []));
    };
    assertEquals([...await flagsWith([])], []);
    assertEquals([...await flagsWith(["taskset", "--cpu-list", String(testCpus[0])])], ["one-cpu"]);
  },
  { commands: ["clang", "bpftool", "taskset"], twoCpus: true },
);

kernelTest("events planned at random keep their own times, on both kinds of ring", async () => {
  const ringbufLoad = await buildRingbufLoad();
  const [cpu = 0] = testCpus;
  // More than one call's, and a distance that no offset of a call can hold.
  const times = Float64Array.from({ length: 23 }, (_, i) => 1e15 + i * i * 1000 + (i > 17 ? 5e9 : 0));
  onCpu(cpu, () => {
    for (const ring of ["perf", "ringbuf"] as const) {
      using rig = openRig({
        source: "kernel",
        setting: {
          ...{ ring, ringBytes: 65536, wakeup: { kind: "adaptive" }, waiter: "epoll", pollMs: FLUSH_MS },
          scanner: "ts",
        },
        cpus: [cpu],
        ringbufLoad,
      });
      const planned: number[] = [];
      const sequences: number[] = [];
      const category = rig.pipe.register({
        name: "planned",
        process: (event) => {
          planned.push(event.u64(LOAD_EVENT.planned_ns));
          sequences.push(event.u64(LOAD_EVENT.sequence));
        },
      });
      const target = rig.target(0);
      if (!("programFd" in target)) throw new Error("the rig is of memory rings");
      const producer = new LoadProducer(target.programFd);
      producer.prepare({ category, payloadBytes: 64 });
      producer.emitAt(times, times.length);
      producer.emit(2, 7000, 100); // at even distances again
      rig.pipe.consume();
      assertEquals(planned, [...times, 7000, 7100], ring);
      assertEquals(sequences, planned.map((_, index) => index), ring);
      assertEquals(rig.accounts([]), { produced: 25, refused: 0 });
    }
  });
}, { commands: ["clang", "bpftool"] });
