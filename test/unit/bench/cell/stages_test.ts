/** The stages of events on memory rings of this isolate, beside a clock that the tests read themselves. */

import { assert, assertEquals } from "@std/assert";
import { StageSamples, Stamps, stampScanner } from "../../../../bench/cell/stages.ts";
import { MemoryProducer } from "../../../../bench/memory_producer.ts";
import { monotonicNs } from "../../../../src/ffi/clock.ts";
import { EventPipe } from "../../../../src/pipe/event_pipe.ts";
import { MemorySource } from "../../../../src/source/memory.ts";
import { nativeTest } from "../../ffi/_native.ts";

const CAPACITY = 400;

/** A pipe over one ring whose scanner takes times, and whose handler records them. */
class StampedPipe implements Disposable {
  readonly samples = new StageSamples(CAPACITY, "planned");
  readonly stamps = new Stamps();
  readonly pipe: EventPipe;
  readonly producer: MemoryProducer;
  /** Of each event, what the whole road took by the clock in front of the recording, and behind it. */
  readonly bounds: { readonly least: number; readonly most: number }[] = [];

  constructor() {
    const source = MemorySource.open({ ringBytes: 65536 });
    stampScanner(source, this.stamps);
    this.pipe = EventPipe.open({ source });
    const category = this.pipe.register({
      name: "stages",
      process: (event) => {
        const least = monotonicNs() - event.time;
        this.samples.record(event, this.stamps);
        this.bounds.push({ least, most: monotonicNs() - event.time });
      },
    });
    this.producer = new MemoryProducer(source.writer(0), category, 32);
  }

  poll(): void {
    this.stamps.beforePoll();
    this.pipe.poll(0);
  }

  [Symbol.dispose](): void {
    this.pipe.close();
  }
}

nativeTest(
  "libc",
  "the stages of each event sum up to what its whole road took, whatever batch it came in",
  () => {
    using stamped = new StampedPipe();
    const { samples, bounds, producer } = stamped;
    const LAG_NS = 1e6;
    for (const burst of [1, 2, 300, 5]) {
      producer.emit(burst, monotonicNs() - LAG_NS);
      stamped.poll();
    }
    assertEquals(samples.count, 308);
    const whole = samples.fromEmitted();
    for (let i = 0; i < samples.count; i++) {
      const [wake, read, handled] = [samples.wake[i]!, samples.read[i]!, samples.handled[i]!];
      const { least, most } = bounds[i]!;
      assertEquals(wake + read + handled, whole[i], `event ${i}`);
      assert(least <= whole[i]! && whole[i]! <= most, `event ${i}: ${least} to ${most}, not ${whole[i]}`);
      assert(samples.lag[i]! >= LAG_NS && wake > 0 && read > 0 && handled > 0, `event ${i}`);
    }
  },
);

nativeTest(
  "libc",
  "events of one wake-up share its time, and those of one batch the time of the scan",
  () => {
    using stamped = new StampedPipe();
    stamped.producer.emit(300);
    stamped.poll();
    const reads = stamped.samples.read.subarray(0, 300);
    // A batch has 256 events.
    assertEquals([new Set(reads.subarray(0, 256)).size, new Set(reads.subarray(256)).size], [1, 1]);
    assert(reads[255]! < reads[256]!);
  },
);

nativeTest("libc", "the waiter's return is taken at the first pass behind the call in front of poll", () => {
  using stamped = new StampedPipe();
  const { stamps, producer } = stamped;
  producer.emit(1);
  const before = monotonicNs();
  stamped.poll();
  const first = stamps.wakeNs;
  assert(before < first && first < monotonicNs());
  producer.emit(1);
  stamped.pipe.consume();
  assertEquals(stamps.wakeNs, first);
  producer.emit(1);
  stamped.poll();
  assert(stamps.wakeNs > first);
});

nativeTest(
  "libc",
  "an event that came when the reader was awake has a wake-up below 0, and the sum holds",
  () => {
    using stamped = new StampedPipe();
    stamped.poll();
    stamped.producer.emit(1);
    stamped.pipe.consume(); // reads on without a wait
    assert(stamped.samples.wake[0]! < 0);
    const [whole] = stamped.samples.fromEmitted();
    assert(stamped.bounds[0]!.least <= whole! && whole! <= stamped.bounds[0]!.most);
  },
);

nativeTest(
  "libc",
  "events are in all stages, beyond the room for them in none, and lost ones rank in each",
  () => {
    using stamped = new StampedPipe();
    stamped.producer.emit(CAPACITY + 5);
    stamped.poll();
    assertEquals(stamped.bounds.length, CAPACITY + 5);
    const stages = stamped.samples.stages(7);
    assertEquals(stages.map(({ stage, from }) => `${stage} from ${from}`), [
      "handled from planned",
      "handled from emitted",
      "emitted from planned",
      "wake from emitted",
      "read from wake",
      "handled from read",
    ]);
    assertEquals(stages.map(({ count, lost }) => [count, lost]), stages.map(() => [CAPACITY, 7]));
  },
);

Deno.test("the whole road of a ping-pong begins where its events were asked for", () => {
  const stages = new StageSamples(10, "asked").stages(0);
  assertEquals(stages.filter(({ from }) => from === "asked").map(({ stage }) => stage), [
    "handled",
    "emitted",
  ]);
});
