/**
 * The writer and the scanner against the kernel: they perform the captured sequences of test/fixtures/perf on a plain
 * buffer, and every byte, position, return code, loss and wake-up must be the kernel's.
 */

import { assert, assertEquals, assertGreater } from "@std/assert";
import { PERF_EVENT_MMAP_PAGE } from "../../src/abi/perf_event.ts";
import { layOutRings, SPARE_BYTES } from "../../src/ring/geometry.ts";
import { PerfScanner } from "../../src/ring/perf_scanner.ts";
import { PerfWriter } from "../../src/ring/perf_writer.ts";
import { RecordBatch } from "../../src/ring/record_batch.ts";
import {
  ByteClass,
  type Capture,
  classify,
  payloadOf,
  readFixture,
  RING_BYTES,
  SEQUENCES,
  type Step,
} from "../fixtures/_perf.ts";

/** A ring in memory, driven step by step as the kernel's was. */
class MemoryRing {
  /** Payloads that were output and not yet given back, with a loss as its number. */
  readonly #expected: (Uint8Array | number)[] = [];
  readonly #view: DataView;
  readonly #bytes: Uint8Array;
  readonly #writer: PerfWriter;
  readonly #scanner: PerfScanner;
  readonly #batch = new RecordBatch();
  readonly #data: number;
  #outputs = 0;
  #lost = 0;
  #untold = 0;
  #wakes = false;

  /**
   * @param capture Whose ring this is like.
   * @param filling What its bytes are before the first record.
   */
  constructor({ wakeupEvents, id }: Capture, filling: number) {
    const { regions, bufferBytes } = layOutRings(1, RING_BYTES, 4096, SPARE_BYTES);
    const buffer = new ArrayBuffer(bufferBytes);
    const region = regions[0]!;
    this.#data = region.data;
    this.#view = new DataView(buffer);
    this.#bytes = new Uint8Array(buffer);
    this.#bytes.fill(filling, region.data, region.data + RING_BYTES);
    this.#scanner = new PerfScanner(buffer, regions);
    this.#writer = new PerfWriter({
      buffer,
      region,
      ring: 0,
      staging: region.data + RING_BYTES + SPARE_BYTES,
      wakeupEvents,
      id,
      events: {
        accepts: () => true,
        wake: () => void (this.#wakes = true),
        lose: () => void this.#lost++,
      },
    });
  }

  /** Performs one step and returns its outcome. */
  perform(step: Step): Step {
    return step.output === undefined ? this.#drain(step.drain!) : this.#output(step.output);
  }

  /** The ring's data. */
  data(): Uint8Array {
    return this.#bytes.slice(this.#data, this.#data + RING_BYTES);
  }

  #output(bytes: number): Step {
    const payload = payloadOf(this.#outputs++, bytes);
    this.#wakes = false;
    const returns = this.#writer.outputBytes(payload);
    if (returns === 0) {
      if (this.#untold > 0) this.#expected.push(this.#untold);
      this.#expected.push(payload);
      this.#untold = 0;
    } else {
      this.#untold++;
    }
    return { output: bytes, returns, wakes: this.#wakes, ...this.#state() };
  }

  /** Gives records back with the scanner and checks that they are what was output. */
  #drain(records: number): Step {
    const batch = this.#batch;
    this.#scanner.begin(0);
    let left = records;
    while (left > 0 && this.#scanner.scan(0, batch)) {
      assertEquals([batch.corrupt, batch.skipped], [0, 0]);
      if (batch.lost > 0) {
        assertEquals(batch.lost, this.#expected.shift());
        this.#scanner.commit(0);
        left--;
        continue;
      }
      const taken = Math.min(left, batch.count);
      for (let index = 0; index < taken; index++) this.#checkRecord(index);
      this.#scanner.rewind(0, batch, taken - 1);
      this.#scanner.commit(0);
      left -= taken;
    }
    if (left > 0) assertEquals(this.#expected, [], "the scanner ended in front of unread records");
    return { drain: records, ...this.#state() };
  }

  #checkRecord(index: number): void {
    const payload = this.#expected.shift();
    assert(payload instanceof Uint8Array, "a sample where a loss was due");
    const offset = this.#batch.offsetOf(index);
    assertEquals(this.#bytes.slice(offset, offset + payload.length), payload);
    assertEquals(this.#batch.sizeOf(index), ((12 + payload.length + 7) & ~7) - 12);
  }

  #state(): { head: number; tail: number; lost: number } {
    const { data_head, data_tail } = PERF_EVENT_MMAP_PAGE.offsets;
    return {
      head: Number(this.#view.getBigUint64(data_head, true)),
      tail: Number(this.#view.getBigUint64(data_tail, true)),
      lost: this.#lost,
    };
  }
}

function perform(capture: Capture, filling: number): { steps: Step[]; data: Uint8Array } {
  const ring = new MemoryRing(capture, filling);
  return { steps: capture.steps.map((step) => ring.perform(step)), data: ring.data() };
}

function decode(base64: string): Uint8Array {
  return Uint8Array.from(atob(base64), (char) => char.charCodeAt(0));
}

/** The places where two rings differ. */
function differences(first: Uint8Array, second: Uint8Array): number[] {
  return [...first.keys()].filter((at) => first[at] !== second[at]);
}

for (const file of Object.keys(SEQUENCES)) {
  for (const capture of readFixture(file).captures) {
    Deno.test(`the ring of the kernel is reproduced: ${file}, ${capture.name}`, () => {
      const kernel = decode(capture.data);
      assertEquals(kernel.length, RING_BYTES);
      const { steps, data } = perform(capture, 0);
      assertEquals(steps, capture.steps);
      const classes = classify(capture.steps);
      const wrong = differences(data, kernel).filter((at) => classes[at] !== ByteClass.Padding);
      assertEquals(wrong, []);
    });
  }
}

Deno.test("in a ring that was not all zeros only padding and untouched bytes differ from the kernel's", () => {
  let padding = 0;
  for (const file of Object.keys(SEQUENCES)) {
    for (const capture of readFixture(file).captures) {
      const kernel = decode(capture.data);
      const { data } = perform(capture, 0xa5);
      const classes = classify(capture.steps);
      for (const at of differences(data, kernel)) {
        assert(
          classes[at] === ByteClass.Padding || classes[at] === ByteClass.Untouched,
          `${capture.name}, byte ${at}`,
        );
        if (classes[at] === ByteClass.Padding) padding++;
      }
    }
  }
  assertGreater(padding, 0, "no fixture shows padding: this test shows nothing");
});

Deno.test("the kernel leaves in the padding what the ring held before", () => {
  for (const capture of readFixture("paddings").captures) {
    assertEquals(differences(perform(capture, 0).data, decode(capture.data)), []);
  }
});

Deno.test("the fixtures show a record across the end of the ring at each of its fields", () => {
  const cuts = new Set<string>();
  for (const file of Object.keys(SEQUENCES)) {
    for (const { steps } of readFixture(file).captures) {
      let head = 0;
      for (const step of steps) {
        if (step.output !== undefined && step.head > head) {
          const sampleBytes = (12 + step.output + 7) & ~7;
          const lostBytes = step.head - head - sampleBytes;
          if (lostBytes > 0) cuts.add(`LOST ${RING_BYTES - head % RING_BYTES}`);
          const left = RING_BYTES - (head + lostBytes) % RING_BYTES;
          if (left <= sampleBytes) cuts.add(left === sampleBytes ? "sample whole" : `sample ${left}`);
          assertEquals(step.head % 8, 0);
        }
        head = step.head;
      }
    }
  }
  // Behind the header: raw size and payload; behind raw size and 4 bytes of payload; and so on. A LOST record's id,
  // its count, and none of it.
  for (
    const cut of [
      "sample 8",
      "sample 16",
      "sample 24",
      "sample 32",
      "sample whole",
      "LOST 8",
      "LOST 16",
      "LOST 24",
    ]
  ) {
    assert(cuts.has(cut), cut);
  }
});

Deno.test("the fixtures hold what _perf.ts describes", () => {
  for (const [file, { about, sequences }] of Object.entries(SEQUENCES)) {
    const fixture = readFixture(file);
    assertEquals(fixture.about, about);
    const described = fixture.captures.map(({ name, wakeupEvents, steps }) => ({
      name,
      wakeupEvents,
      operations: steps.map(({ output, drain }) => output === undefined ? { drain } : { output }),
    }));
    assertEquals(described, sequences.map((sequence) => ({ ...sequence })) as typeof described);
  }
});
