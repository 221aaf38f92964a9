/** Replaying: the same bytes through the same scanners give the same events, results and counts. */

import { assert, assertEquals, assertGreater, assertThrows } from "@std/assert";
import { type Event, EventPipe, EventPipeError, MemorySource, type Source } from "../../../mod.ts";
import { BLOCK } from "../../../src/record/format.ts";
import { endText, Recording, Replay, RingRecorder } from "../../../src/record/mod.ts";
import { RingbufScanner } from "../../../src/ring/ringbuf_scanner.ts";
import { RingSignals } from "../../../src/ring/signals.ts";
import {
  block,
  dataBlock,
  HEADER,
  leftBlock,
  noting,
  readBlocks,
  RecordedPipe,
  replayAll,
  withFile,
  withoutWakeups,
  writeFile,
} from "./_recordings.ts";
import { lost, payload, record, SAMPLE, sample } from "../ring/_records.ts";
import { data, fakeRingbufs, RingbufWriter } from "../ring/_ringbuf_writer.ts";

/** Where a memory ring of 4 KiB of the source has its data. */
const DATA = 4096;

Deno.test("a replay gives the same events, losses and counts, scan by scan in the order they were recorded in", () => {
  withFile((path) => {
    const [seen, losses]: [string[], string[]] = [[], []];
    const recorded = new RecordedPipe(path, {
      cpus: [0, 3, 5],
      onLost: (cpu, count) => void losses.push(`${cpu}: ${count}`),
    });
    recorded.pipe.register(noting(seen, "first"));
    recorded.pipe.register(noting(seen, "second"));
    for (let round = 0; round < 12; round++) {
      for (let i = 0; i < 100 + 20 * round; i++) recorded.emit(i % 3, i % 4, i, 16 + (i * 7) % 40);
      recorded.pipe.consume();
    }
    const statistics = recorded.finish();
    assertGreater(Math.min(statistics.lost, statistics.unknown, losses.length), 0);

    const [again, lossesAgain]: [string[], string[]] = [[], []];
    const replayed = replayAll(
      path,
      (pipe) => {
        pipe.register(noting(again, "first"));
        pipe.register(noting(again, "second"));
      },
      { onLost: (cpu, count) => void lossesAgain.push(`${cpu}: ${count}`) },
    );
    assertEquals(again, seen);
    assertEquals(lossesAgain, losses);
    assertEquals(replayed.statistics, withoutWakeups(statistics));
    assertEquals(replayed.shown, recorded.tap.shown);
  });
});

Deno.test("a replay says what was recorded, and what had been counted", () => {
  withFile((path) => {
    const recorded = new RecordedPipe(path, { categories: ["exec"] });
    recorded.emit(0, 0, 1);
    recorded.pipe.poll(0);
    const statistics = recorded.finish();
    using replay = Replay.open(path);
    assertEquals([replay.header.categories, replay.end, replay.isLimited], [
      ["exec"],
      { state: "complete" },
      false,
    ]);
    assertEquals(replay.statistics, statistics);
    assert(replay.finished! >= replay.header.started);
    const { kind, ring, cpus, maxPayloadBytes, countsLosses, overwritable, paused } = replay.source;
    assertEquals([kind, ring, cpus, maxPayloadBytes], ["memory", "perf", [0, 3], 4096 - 20]);
    assertEquals([countsLosses, overwritable, paused], [true, false, false]);
    replay.source.close();
  });
});

Deno.test("handlers that end the drain or throw do so again at the same events, and run goes on behind them", () => {
  withFile((path) => {
    const process = (event: Event): number => {
      const value = event.u32(12);
      if (value % 13 === 0) throw new Error(`value ${value}`);
      return value % 7 === 0 ? value : 0;
    };
    const drain = (run: () => number): string => {
      try {
        return String(run());
      } catch (error) {
        return (error as Error).message;
      }
    };
    const recorded = new RecordedPipe(path, { cpus: [0] });
    recorded.pipe.register({ name: "moody", process });
    const outcomes: string[] = [];
    for (let i = 1; i <= 60; i++) recorded.emit(0, 0, i);
    for (let outcome = ""; outcome !== "0";) {
      outcome = drain(() => recorded.pipe.consume());
      outcomes.push(outcome);
      if (outcome === "value 26") recorded.emit(0, 0, 65); // while others are in the ring
    }
    const statistics = recorded.finish();
    assertEquals(statistics.dispatched, 61);

    using replay = Replay.open(path);
    using pipe = EventPipe.open({ source: replay.source });
    pipe.register({ name: "moody", process });
    const again: string[] = [];
    do again.push(drain(() => replay.run(pipe))); while (again.at(-1) !== "0");
    assertEquals(again, outcomes);
    pipe.close();
    assertEquals(pipe.statistics(), withoutWakeups(statistics));
  });
});

Deno.test("corrupt and skipped content is replayed as it was", () => {
  withFile((path) => {
    const seen: string[] = [];
    const recorded = new RecordedPipe(path, { cpus: [0] });
    recorded.pipe.register(noting(seen));
    const view = new DataView(recorded.source.buffer);
    for (const value of [1, 2, 3, 4, 5]) recorded.emit(0, 0, value);
    view.setUint32(DATA + 32, 5, true); // the second record becomes a PERF_RECORD_THROTTLE
    view.setUint16(DATA + 96 + 6, 0, true); // the fourth header's size
    recorded.pipe.consume();
    recorded.emit(0, 0, 6);
    recorded.pipe.consume();
    view.setBigUint64(1024, 100_000n, true); // a head further away than the ring is long
    recorded.pipe.consume();
    const statistics = recorded.finish();
    const { corrupt, corruptBytes, cpus } = statistics;
    assertEquals([seen.length, corrupt, corruptBytes, cpus[0]!.skipped], [3, 2, 64 + 4096, 1]);

    const again: string[] = [];
    const replayed = replayAll(path, (pipe) => pipe.register(noting(again)));
    assertEquals(again, seen);
    assertEquals(replayed.statistics, withoutWakeups(statistics));
  });
});

Deno.test("what was left in the rings at the end is left there again, and consume delivers it", () => {
  withFile((path) => {
    const recorded = new RecordedPipe(path);
    recorded.pipe.register({ name: "ending", process: (event) => event.u32(12) === 3 ? 1 : 0 });
    for (const value of [1, 2, 3, 4, 5]) recorded.emit(0, 0, value);
    recorded.emit(1, 0, 6);
    assertEquals(recorded.pipe.consume(), 1);
    recorded.emit(0, 0, 7);
    const statistics = recorded.finish();
    assertEquals([statistics.dispatched, statistics.left], [3, 4]);

    const seen: string[] = [];
    const replayed = replayAll(path, (pipe) => pipe.register({ ...noting(seen), name: "ending" }));
    assertEquals(replayed.statistics, withoutWakeups(statistics));
    using replay = Replay.open(path);
    using pipe = EventPipe.open({ source: replay.source });
    const values: number[] = [];
    pipe.register({ name: "all", process: (event) => void values.push(event.u32(12)) });
    assertEquals([replay.run(pipe), values], [0, [1, 2, 3]]);
    assertEquals([replay.run(pipe), values], [0, [1, 2, 3]]);
    assertEquals([pipe.consume(), values], [0, [1, 2, 3, 4, 5, 7, 6]]);
  });
});

Deno.test("left events are told from delivered ones by their place, also within a scan", () => {
  withFile((path) => {
    const records = [1, 2, 3, 4].map((seed) => sample(payload(20, seed)));
    const scan = Uint8Array.from(records.flatMap((each) => [...each]));
    for (let delivered = 0; delivered <= 4; delivered++) {
      writeFile(path, [
        dataBlock(1, 4032, 32, records[0]!),
        dataBlock(0, 4032, 128, scan),
        leftBlock(0, 4032 + 32 * delivered),
        dataBlock(0, 4160, 32, records[0]!),
      ]);
      const { statistics } = replayAll(path, () => {});
      assertEquals([statistics.unknown, statistics.left], [1 + delivered, 5 - delivered]);
    }
  });
});

Deno.test("left events are those that were recorded, however much comes behind them", () => {
  withFile((path) => {
    const records = [1, 2].map((seed) => sample(payload(20, seed)));
    const others = Array.from(
      { length: 500 },
      (_, i) => dataBlock(1, i * 1016, 1016, sample(payload(1004, i))),
    );
    writeFile(path, [
      dataBlock(0, 0, 64, Uint8Array.from(records.flatMap((each) => [...each]))),
      ...others,
      leftBlock(0, 32),
    ]);
    using replay = Replay.open(path);
    using pipe = EventPipe.open({ source: replay.source, dispatchBy: "all" });
    const seen: string[] = [];
    pipe.register(noting(seen));
    assertEquals([replay.run(pipe), seen.length, seen[0]], [0, 501, `0: ${payload(20, 1).toHex()}`]);
    pipe.consume();
    assertEquals(seen.slice(501), [`0: ${payload(20, 2).toHex()}`]);
  });
});

for (const position of [4064, 2 ** 32 - 48, 2 ** 32 - 4096]) {
  Deno.test(`a recording that begins at position ${position} is read past the end of the ring and of 32 bits`, () => {
    withFile((path) => {
      const blocks: Uint8Array[] = [];
      for (let i = 0; i < 200; i++) {
        blocks.push(dataBlock(1, (position + i * 64) >>> 0, 64, sample(payload(52, i))));
      }
      writeFile(path, blocks);
      const seen: string[] = [];
      const { statistics } = replayAll(path, (pipe) => pipe.register(noting(seen)), { dispatchBy: "all" });
      assertEquals(seen, Array.from({ length: 200 }, (_, i) => `3: ${payload(52, i).toHex()}`));
      assertEquals([statistics.dispatched, statistics.exact], [200, true]);
    });
  });
}

Deno.test("whole samples are replayed whole", () => {
  withFile((path) => {
    const bodies = [payload(48, 1), payload(8, 2)];
    const blocks = bodies.map((body) => record(SAMPLE, body));
    const bytes = Uint8Array.from([...blocks[0]!, ...lost(3), ...blocks[1]!]);
    writeFile(path, [dataBlock(0, 0, bytes.length, bytes)], { ...HEADER, samples: "whole" });
    const seen: string[] = [];
    replayAll(path, (pipe) => pipe.register(noting(seen)), { dispatchBy: "all" });
    assertEquals(seen, bodies.map((body) => `0: ${body.toHex()}`));
  });
});

Deno.test("BPF ring buffers are recorded and replayed, with discarded records, across the ends of their rings", () => {
  withFile((path) => {
    const rings = fakeRingbufs({ bytes: 4096, position: 2n ** 32n - 2000n }, {
      bytes: 8192,
      position: 8000n,
    });
    const writers = rings.map((ring) => new RingbufWriter(ring));
    const words = new Int32Array(new SharedArrayBuffer(RingSignals.wordCount(2) * 4));
    const source: Source = {
      kind: "memory",
      ring: "ringbuf",
      cpus: [-1, -1],
      maxPayloadBytes: 8192 - 20,
      buffer: rings[0]!.buffer,
      readiness: { kind: "signals", words },
      overwritable: false,
      countsLosses: true,
      paused: false,
      openScanner: (dispatchBy): RingbufScanner =>
        new RingbufScanner(rings[0]!.buffer, rings.map(({ region }) => region), dispatchBy),
      start: (): void => {},
      stop: (): void => {},
      pause: (): void => {},
      resume: (): void => {},
      lost: (ring): number => ring * 11,
      close: (): void => {},
    };
    const recorder = RingRecorder.create(path, { source, ringBytes: [4096, 8192] });
    const recorded = EventPipe.open({ source, tap: recorder });
    const seen: string[] = [];
    recorded.register(noting(seen));
    for (let i = 0; i < 400; i++) {
      const writer = writers[i % 2]!;
      const event = data(16 + i % 60, i);
      new DataView(event.buffer).setUint32(4, i % 3 === 0 ? 1 : 0, true);
      const place = writer.reserve(event.length)!;
      writer.fill(place, event);
      if (i % 5 === 0) writer.discard(place);
      else writer.submit(place);
      if (i % 11 === 0) recorded.consume();
    }
    recorded.consume();
    recorded.close();
    const statistics = recorded.statistics();
    recorder.finish(statistics);
    const skipped = statistics.cpus.reduce((sum, cpu) => sum + cpu.skipped, 0);
    assertEquals([statistics.dispatched + statistics.unknown, skipped, statistics.lost], [320, 80, 11]);

    const again: string[] = [];
    const replayed = replayAll(path, (pipe) => pipe.register(noting(again)));
    assertEquals(again, seen);
    assertEquals(replayed.statistics, withoutWakeups(statistics));
    using replay = Replay.open(path);
    assertEquals([replay.header.ring, replay.source.ring, replay.source.cpus], ["ringbuf", "ringbuf", [
      -1,
      -1,
    ]]);
    assertEquals(replay.header.rings, [{ cpu: -1, bytes: 4096 }, { cpu: -1, bytes: 8192 }]);
  });
});

Deno.test("a pipe that merges rings by time reads a recording to its end", () => {
  withFile((path) => {
    const recorded = new RecordedPipe(path);
    for (let i = 0; i < 500; i++) {
      recorded.emit(i % 2, 0, i);
      if (i % 50 === 49) recorded.pipe.consume();
    }
    const { unknown } = recorded.finish();
    const { statistics } = replayAll(path, () => {}, { merge: { windowMs: 1000 } });
    assertEquals([statistics.unknown, statistics.left], [unknown, 0]);
  });
});

Deno.test("a recording that is cut is replayed up to there, with the losses told last", () => {
  withFile((path) => {
    const scan = sample(payload(20, 1));
    writeFile(path, [
      dataBlock(0, 0, 32, scan),
      block(BLOCK.LOST, '{"lost":[4,7]}'),
      dataBlock(1, 0, 32, scan),
      dataBlock(0, 32, 32, scan),
    ]);
    const { size } = Deno.statSync(path);
    Deno.truncateSync(path, size - 1);
    using replay = Replay.open(path);
    assertEquals(endText(replay.end), `cut at offset ${size - 60}`);
    assertEquals([replay.finished, replay.statistics], [null, null]);
    using pipe = EventPipe.open({ source: replay.source });
    assertEquals([replay.run(pipe), pipe.statistics().unknown, pipe.statistics().lost], [0, 2, 11]);
  });
});

Deno.test("a recording that reached its limit says so", () => {
  withFile((path) => {
    const recorded = new RecordedPipe(path, { maxBytes: 400 });
    for (let i = 0; i < 10; i++) {
      recorded.emit(0, 0, i);
      recorded.pipe.consume();
    }
    recorded.finish();
    using replay = Replay.open(path);
    assertEquals([replay.isLimited, replay.statistics?.unknown, replay.end.state], [true, 10, "complete"]);
    const { statistics } = replayAll(path, () => {});
    assertGreater(10, statistics.unknown);
  });
});

Deno.test("the recording of a replay is the recording", () => {
  withFile((path) => {
    const recorded = new RecordedPipe(path);
    for (let i = 0; i < 300; i++) {
      recorded.emit(i % 2, 0, i, 12 + i % 99);
      if (i % 30 === 0) recorded.pipe.consume();
    }
    recorded.pipe.consume();
    const statistics = recorded.finish();
    using replay = Replay.open(path);
    const { source } = replay;
    const copy = `${path}.copy`;
    const recorder = RingRecorder.create(copy, { source, ringBytes: 4096 });
    const pipe = EventPipe.open({ source, tap: recorder });
    replay.run(pipe);
    pipe.close();
    recorder.finish(statistics);
    const dataOf = (file: string): string[] =>
      readBlocks(file).blocks.filter((text) => text.startsWith("data"));
    assertEquals(dataOf(copy), dataOf(path));
  });
});

Deno.test("run ends where a handler closes the pipe", () => {
  withFile((path) => {
    const recorded = new RecordedPipe(path);
    for (let i = 0; i < 10; i++) recorded.emit(0, 0, i);
    recorded.pipe.consume();
    recorded.emit(1, 0, 10);
    recorded.pipe.consume();
    recorded.finish();
    using replay = Replay.open(path);
    const pipe = EventPipe.open({ source: replay.source });
    pipe.register({
      name: "closing",
      process: (event) => {
        if (event.u32(12) === 4) pipe.close();
      },
    });
    assertEquals(replay.run(pipe), 0);
    assertEquals([pipe.statistics().dispatched, pipe.statistics().left], [5, 5]);
  });
});

Deno.test("run refuses a pipe over other rings", () => {
  withFile((path) => {
    writeFile(path, [dataBlock(0, 0, 32, sample(payload(20, 1)))]);
    using replay = Replay.open(path);
    using _pipe = EventPipe.open({ source: replay.source });
    using other = EventPipe.open({ source: MemorySource.open() });
    assertThrows(
      () => replay.run(other),
      TypeError,
      "the pipe reads other rings; open it over the replay's source",
    );
  });
});

Deno.test("a recording that was closed is read no more, and can be closed again", () => {
  withFile((path) => {
    writeFile(path, [dataBlock(0, 0, 32, sample(payload(20, 1)))]);
    const replay = Replay.open(path);
    using pipe = EventPipe.open({ source: replay.source });
    replay.close();
    replay.close();
    assertEquals(
      assertThrows(() => replay.run(pipe), EventPipeError, "the recording is closed").code,
      "CLOSED",
    );
    const recording = Recording.open(path);
    recording.close();
    recording.close();
    assertEquals(assertThrows(() => [...recording.blocks()], EventPipeError).code, "CLOSED");
  });
});

Deno.test("arguments of the wrong kind are refused with what they must be", () => {
  withFile((path) => {
    writeFile(path, []);
    using replay = Replay.open(path);
    const wrong = replay.source as unknown as EventPipe;
    assertThrows(() => replay.run(wrong), TypeError, "Cannot replay: pipe must be an EventPipe");
    const open = Replay.open as (path?: unknown) => Replay;
    assertThrows(() => open(), TypeError, "path must be the name of a file, current value is undefined");
  });
});

Deno.test("views of a replay throw once its pipe is closed, and its source cannot be used again", () => {
  withFile((path) => {
    writeFile(path, [dataBlock(0, 0, 32, sample(payload(20, 1)))], { ...HEADER, countsLosses: false });
    using replay = Replay.open(path);
    const { source } = replay;
    const view = new DataView(source.buffer);
    assertThrows(() => source.pause(), TypeError, "Cannot pause a replay");
    assertEquals(assertThrows(() => source.lost(0), EventPipeError).code, "NOT_SUPPORTED");
    source.resume();
    source.close();
    source.close();
    assertEquals(source.buffer.byteLength, 0);
    assertThrows(() => view.getUint8(0), TypeError);
    assertEquals(assertThrows(() => source.openScanner(), EventPipeError).code, "CLOSED");
  });
});
