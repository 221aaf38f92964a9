/** Rings with further bits of the attribute: records of other types among the samples, and more in each sample. */

import { assert, assertEquals, assertGreaterOrEqual, assertThrows } from "@std/assert";
import { EventPipe, type EventPipeOptions, PerfSource, type PerfSourceOptions } from "../../../mod.ts";
import { LOAD_EVENT } from "../../../src/abi/event.ts";
import { TRACEPOINT_SAMPLE } from "../../../src/abi/perf_event.ts";
import { monotonicNs } from "../../../src/ffi/clock.ts";
import { onlineCpus } from "../../../src/source/cpus.ts";
import { RAW_ATTR_FLAGS, RAW_ATTR_SAMPLE_TYPES } from "../../../src/source/raw_attr.ts";
import { kernelTest, testCpus } from "../_kernel.ts";
import { LoadedPipe } from "../_load.ts";

const [cpu = 0] = testCpus;

/** Runs a program that ends at once: a process begins, gets a name by its exec, and ends. */
async function runTrue(): Promise<void> {
  await new Deno.Command("/bin/true", { stdin: "null", stdout: "null", stderr: "null" }).spawn().status;
}

for (const overwritable of [false, true]) {
  const rings = overwritable ? "overwritable rings" : "rings";
  kernelTest(`in ${rings} records of processes stand among the events, which all arrive`, async () => {
    using load = LoadedPipe.open({
      attr: { flags: ["comm", "task"] },
      cpus: onlineCpus(),
      overwritable,
    });
    const seen: number[] = [];
    load.pipe.register({ name: "note", process: (event) => void seen.push(event.u64(LOAD_EVENT.sequence)) });
    for (let round = 0; round < 5; round++) {
      load.emit({ cpu, count: 10 });
      await runTrue();
    }
    load.emit({ cpu, count: 1 });
    load.source.stop();
    load.pipe.consume();
    load.pipe.close();
    assertEquals(seen, Array.from({ length: 51 }, (_, i) => i));
    const { cpus, dispatched, left, corrupt } = load.pipe.statistics();
    assertEquals([dispatched, left, corrupt], [51, 0, 0]);
    assertEquals(load.generator.counters(), { produced: 51, refused: {} });
    // PERF_RECORD_FORK, PERF_RECORD_COMM and PERF_RECORD_EXIT of each process at least.
    assertGreaterOrEqual(cpus.reduce((sum, { skipped }) => sum + skipped, 0), 15);
  });
}

kernelTest(
  "records of processes do not come into overwritable rings that are stopped or paused",
  async () => {
    using load = LoadedPipe.open({
      attr: { flags: ["comm", "task"] },
      cpus: onlineCpus(),
      overwritable: true,
    });
    const skipped = (): number => {
      load.pipe.consume();
      return load.pipe.statistics().cpus.reduce((sum, cpu) => sum + cpu.skipped, 0);
    };
    load.source.stop();
    const before = skipped();
    await runTrue();
    assertEquals(skipped(), before);
    load.source.start();
    await runTrue();
    load.source.pause();
    const after = skipped();
    assertGreaterOrEqual(after, before + 3);
    await runTrue();
    load.source.stop();
    load.source.start();
    assertEquals(skipped(), after, "it is paused still");
  },
);

/** What a sample carries in these tests: the same as those of tracepoints, see TRACEPOINT_SAMPLE. */
const SAMPLE_TYPE = ["PERF_SAMPLE_TID", "PERF_SAMPLE_TIME", "PERF_SAMPLE_CPU"] as const;

function openWhole(source: PerfSourceOptions, pipe: Omit<EventPipeOptions, "source"> = {}): LoadedPipe {
  const attr = { flags: ["sample_id_all", "use_clockid"], sampleType: SAMPLE_TYPE } as const;
  return LoadedPipe.open({ attr, cpus: [cpu], ...source }, { dispatchBy: "all", ...pipe });
}

kernelTest("samples carry what was asked for in front of their raw data", () => {
  using load = openWhole({});
  const seen: number[][] = [];
  const times: number[] = [];
  load.pipe.register({
    name: "note",
    process(event): void {
      const { pid, time, cpu, rawSize, raw } = TRACEPOINT_SAMPLE;
      times.push(event.u64(time), event.u64(raw + 4));
      seen.push([event.u32(pid), event.u32(cpu), event.u32(rawSize), event.u64(raw + LOAD_EVENT.sequence)]);
    },
  });
  const before = monotonicNs();
  load.emit({ count: 2, payloadBytes: 44 });
  load.pipe.consume();
  assertEquals(seen, [0, 1].map((sequence) => [Deno.pid, cpu, 44, sequence]));
  times.push(monotonicNs());
  // The program takes its time before the kernel takes the sample's.
  const [sampled, emitted, secondSampled, secondEmitted, after] = times as [
    number,
    number,
    number,
    number,
    number,
  ];
  const inOrder = [before, emitted, sampled, secondEmitted, secondSampled, after];
  assert(inOrder.every((time, i) => i === 0 || time >= inOrder[i - 1]!), inOrder.join());
});

kernelTest("losses are told and counted where every record ends with the fields of its sample", () => {
  const losses: number[] = [];
  using load = openWhole({ ringBytes: 4096 }, { onLost: (_, count) => void losses.push(count) });
  let events = 0;
  load.pipe.register({ name: "count", process: () => void events++ });
  load.emit({ count: 1000 });
  load.pipe.consume();
  const held = events;
  load.emit({ count: 1 });
  load.pipe.consume();
  assertEquals([losses, events, load.source.lost(0)], [[1000 - held], held + 1, 1000 - held]);
});

kernelTest(
  "samples that begin with other fields cannot be dispatched by category, which the error says",
  () => {
    const source = PerfSource.open({ cpus: [cpu], attr: { sampleType: ["PERF_SAMPLE_TIME"] } });
    assertThrows(
      () => EventPipe.open({ source }),
      TypeError,
      'choose dispatchBy "all", current value is "category"',
    );
    assertEquals(source.buffer.byteLength, 0, "the pipe closed its source");
  },
);

kernelTest("an attr that is refused leaves nothing open", () => {
  const attr = { flags: ["inherit"] } as unknown as NonNullable<PerfSourceOptions["attr"]>;
  assertThrows(() => PerfSource.open({ cpus: [cpu], attr }), TypeError, "have no children to inherit them");
});

kernelTest("the kernel takes each flag and each sample type, and events arrive with it", () => {
  const attrs = [
    ...Object.keys(RAW_ATTR_FLAGS).map((name) => ({ flags: [name] })),
    ...Object.keys(RAW_ATTR_SAMPLE_TYPES).map((name) => ({ sampleType: [name] })),
  ] as NonNullable<PerfSourceOptions["attr"]>[];
  for (const attr of attrs) {
    using load = LoadedPipe.open({ cpus: [cpu], attr }, { dispatchBy: "all" });
    let events = 0;
    load.pipe.register({ name: "count", process: () => void events++ });
    load.emit({ count: 3 });
    load.pipe.consume();
    assertEquals([events, load.source.lost(0)], [3, 0], JSON.stringify(attr));
  }
});
