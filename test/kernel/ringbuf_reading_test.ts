/** BPF ring buffers: the positions a reader and a program see, and programs on all CPUs that write into one ring. */

import { assert, assertEquals, assertGreaterOrEqual, assertLess } from "@std/assert";
import { EventPipe, RingbufSource } from "../../mod.ts";
import { LOAD_EVENT } from "../../src/abi/event.ts";
import { SYSCONF } from "../../src/abi/linux.ts";
import { libc } from "../../src/ffi/libc.ts";
import { RECORD_BYTES, ringbufTest, RingProgram, RingWorker } from "./source/_ringbuf.ts";

const workers = [await RingWorker.open(), await RingWorker.open()];

/** The bytes of a record: a header of 8, the data, and what rounds both up to a multiple of 8. */
function recordBytes(dataBytes: number): number {
  return 8 * Math.ceil((8 + dataBytes) / 8);
}

ringbufTest(
  "positions count every record with its header, discarded ones too, and the reader moves its own",
  () => {
    using program = new RingProgram({ bytes: 4096 });
    const source = RingbufSource.open({
      maps: [program.object.map("events")],
      lossCounters: [program.lossCounter],
    });
    using pipe = EventPipe.open({ source });
    const view = new DataView(source.buffer);
    const pageBytes = Number(libc().sysconf(SYSCONF._SC_PAGESIZE));
    const positions = (): number[] => [0, pageBytes].map((at) => Number(view.getBigUint64(at, true)));
    const seen: number[] = [];
    pipe.register({
      name: "note",
      process: (event) => seen.push(event.u64(LOAD_EVENT.sequence)) === 2 ? -61 : 0,
    });
    assertEquals(positions(), [0, 0]);
    program.emit({ count: 3, discards: 0b010n });
    assertEquals(positions(), [0, 3 * RECORD_BYTES]);
    assertEquals([pipe.poll(10_000), seen, pipe.statistics().wakeups], [-61, [0, 2], 1]);
    assertEquals([pipe.poll(0), positions()], [0, [3 * RECORD_BYTES, 3 * RECORD_BYTES]]);

    let produced = 3 * RECORD_BYTES;
    for (const dataBytes of [40, 41, 48, 1000]) {
      program.emit({ dataBytes });
      produced += recordBytes(dataBytes);
      assertEquals(positions(), [3 * RECORD_BYTES, produced]);
    }
    program.emit({ discards: -1n & 0xffffffffffffffffn });
    produced += RECORD_BYTES;
    assertEquals(positions(), [3 * RECORD_BYTES, produced]);
    pipe.consume();
    assertEquals(
      positions(),
      [produced, produced],
      "the discarded record behind the last event is read over",
    );
    program.emit({ count: 100 });
    assertEquals(source.lost(0), 100 - Math.floor(4095 / RECORD_BYTES), "the program has all the room again");
  },
);

ringbufTest(
  "an event from before there was a reader is read at once, and behind it a wait runs to its limit",
  () => {
    using program = new RingProgram({ bytes: 4096 });
    program.emit();
    using pipe = EventPipe.open({
      source: RingbufSource.open({
        maps: [program.object.map("events")],
        lossCounters: [program.lossCounter],
      }),
    });
    let events = 0;
    pipe.register({ name: "count", process: () => void events++ });
    assertEquals([pipe.poll(10_000), events, pipe.statistics().wakeups], [0, 1, 1]);
    const start = performance.now();
    assertEquals([pipe.poll(10), events], [0, 1]);
    assertGreaterOrEqual(performance.now() - start, 10);
  },
);

ringbufTest(
  "programs that hammer one small ring from two threads, discarding some: every event is counted once",
  () => {
    using program = new RingProgram({ bytes: 4096 });
    const source = RingbufSource.open({
      maps: [program.object.map("events")],
      lossCounters: [program.lossCounter],
    });
    using pipe = EventPipe.open({ source });
    const next = workers.map(() => 0);
    let events = 0;
    for (const writer of workers.keys()) {
      pipe.register({
        name: `writer ${writer}`,
        process(event): void {
          const sequence = event.u64(LOAD_EVENT.sequence);
          assert(sequence >= next[writer]!, "an event came twice or out of its order");
          assertEquals(sequence % 2, 0, "an event that was discarded came");
          next[writer] = sequence + 1;
          events++;
        },
      });
    }
    const runs = 10_000;
    const { fd: programFd } = program.object.program("reserve");
    for (const [writer, worker] of workers.entries()) {
      // `struct ring_request` of test/bpf/ringbuf.bpf.c: one event per run, odd sequences discarded.
      const context = [1n, BigInt(writer), 0n, 0n, 0xaaaaaaaaaaaaaaaan, 0n, 0n];
      worker.start({ programFd, context, runs });
    }
    const limitMs = 10_000;
    const accounted = (): number => events + pipe.statistics().cpus[0]!.skipped + source.lost(0);
    while (accounted() < 2 * runs) {
      const start = performance.now();
      pipe.poll(limitMs);
      assertLess(performance.now() - start, limitMs, "a record was there and nothing woke the reader");
    }
    for (const worker of workers) worker.wait();
    assertEquals(pipe.consume(), 0);
    const counters = program.counters();
    const { dispatched, unknown, lost, exact, cpus: [ring] } = pipe.statistics();
    assertEquals([dispatched, unknown, exact], [events, 0, true]);
    assertEquals([counters.produced, counters.refused, counters.discarded], [2 * runs, lost, ring!.skipped]);
    assertEquals(events + lost + ring!.skipped, 2 * runs);
    assert(lost <= 2 * runs - Math.floor(4095 / RECORD_BYTES), "what the empty ring held was not lost");
  },
);
