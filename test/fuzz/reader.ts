/**
 * The reader of a ring under test: it calls the scanner as pipes do and holds every answer against what an oracle of the
 * ring says. The oracle is exact, so that nothing is missed: not a byte that a record lost, and not one read too much that
 * changed a result.
 *
 * @module
 */

import { EventView } from "../../src/pipe/event.ts";
import { RecordBatch } from "../../src/ring/record_batch.ts";
import type { Scanner } from "../../src/ring/scanner.ts";
import { NOWHERE } from "./memory.ts";
import { Reading, type TestedRing, type U64 } from "./tested_ring.ts";

/** The one ring of the scanner. */
const RING = 0;

/** When the reader gives records back. */
export type Commit = "record" | "batch" | "drain";

/** What a reader does. `at` chooses among the events of its batch. */
export type ReaderStep =
  | { readonly do: "begin" | "scan" | "copy" | "commit" }
  | { readonly do: "commitThrough" | "rewind" | "view"; readonly at: number }
  | { readonly do: "pass"; readonly commit: Commit };

/** A batch that ends a scan which would skip records for ever. */
class BoundedBatch extends RecordBatch {
  readonly #most: number;

  constructor(most: number) {
    super();
    this.#most = most;
  }

  override skip(index: number): void {
    if (this.skipped > this.#most) {
      throw new Error(`the scan does not end: it has skipped ${this.skipped} records`);
    }
    super.skip(index);
  }
}

/** Reads one ring, with one scanner after the other. */
export class Reader {
  readonly #ring: TestedRing;
  readonly #batch: RecordBatch;
  readonly #reading = new Reading();
  readonly #event: EventView;
  readonly #ringBytes: number;
  #scanner!: Scanner;
  /** The position scanned to, where the last scan began, and the head of this pass: low words. */
  #position = 0;
  #begun = 0;
  #head: number | null = 0;
  /** The reader's position as it was stored last. */
  readonly #tail: U64 = { low: 0, high: 0 };
  /** Whether a scan came before; how many events of its batch can be chosen, and the last one that was given back. */
  #hasScanned = false;
  #events = 0;
  #through = -1;

  /** @param ring The ring. */
  constructor(ring: TestedRing) {
    this.#ring = ring;
    this.#ringBytes = ring.data.end - ring.data.start;
    this.#batch = new BoundedBatch(this.#ringBytes);
    this.#event = new EventView(ring.memory.view);
  }

  /**
   * Begins to read.
   *
   * @param scanner A scanner of this ring alone, just made.
   */
  attach(scanner: Scanner): void {
    const { memory, tail } = this.#ring;
    this.#scanner = scanner;
    this.#batch.clear();
    this.#tail.low = memory.view.getUint32(tail.start, true);
    this.#tail.high = memory.view.getUint32(tail.start + 4, true);
    this.#position = this.#begun = this.#head = this.#tail.low;
    this.#hasScanned = false;
    this.#events = 0;
    this.#through = -1;
    this.#expectPosition();
  }

  /**
   * Does one step.
   *
   * @param step The step.
   * @throws {Error} If the scanner does anything else than the oracle says.
   */
  do(step: ReaderStep): void {
    switch (step.do) {
      case "begin":
        this.#begin();
        break;
      case "scan":
        this.#scan();
        break;
      case "copy":
        this.#copy();
        break;
      case "commit":
        this.#commit();
        break;
      case "commitThrough":
        if (this.#events > 0) this.#commitThrough(this.#choose(step.at, Math.max(0, this.#through)));
        break;
      case "rewind":
        if (this.#events > 0) this.#rewind(this.#choose(step.at, this.#through));
        break;
      case "view":
        if (this.#events > 0) this.#look(this.#choose(step.at, 0));
        break;
      case "pass":
        this.#pass(step.commit);
    }
  }

  #choose(at: number, first: number): number {
    return first + Math.abs(at) % Math.max(1, this.#events - first);
  }

  #begin(): void {
    const { memory } = this.#ring;
    this.#head = this.#ring.loadHead(this.#position, this.#tail);
    memory.mark();
    const hasUnread = this.#scanner.begin(RING);
    memory.expectUnchanged(NOWHERE);
    expect("begin", hasUnread, this.#ring.hasUnread(this.#position, this.#head));
    if (this.#head !== null) expect("head", this.#scanner.head(RING), this.#head);
    this.#events = 0; // the batch was the last pass's
  }

  #scan(): boolean {
    const { memory, writable } = this.#ring;
    const reading = this.#reading;
    this.#ring.read(this.#position, this.#head, this.#tail, reading);
    memory.mark();
    const moves = this.#scanner.scan(RING, this.#batch);
    memory.expectUnchanged(writable);
    this.#begun = this.#position;
    this.#position = reading.position;
    if (reading.corrupt === 1) this.#head = reading.position;
    this.#hasScanned = true;
    this.#events = reading.count;
    this.#through = -1;
    expect("scan", moves, reading.moves);
    this.#expectPosition();
    this.#compare();
    return moves;
  }

  /** Compares the batch with what the oracle says. */
  #compare(): void {
    const reading = this.#reading;
    const batch = this.#batch;
    expect("count", batch.count, reading.count);
    expect("lost", batch.lost, reading.lost);
    expect("corrupt", batch.corrupt, reading.corrupt);
    expect("corruptBytes", batch.corruptBytes, reading.corruptBytes);
    expect("skipped", batch.skipped, reading.skipped);
    for (let i = 0; i < reading.count; i++) {
      expect("size", batch.sizeOf(i), reading.sizes[i]!);
      expect("end", batch.endOf(i) >>> 0, reading.ends[i]!);
      expect("offset", batch.offsetOf(i), this.#ring.data.start + reading.starts[i]!);
      this.#comparePayload(batch.offsetOf(i), batch.sizeOf(i));
      const hasCategory = reading.hasCategories && batch.sizeOf(i) >= 4;
      const category = hasCategory ? this.#ring.memory.view.getInt32(batch.offsetOf(i), true) : -1;
      expect("category", batch.categories[i]!, category);
      if (reading.skipped > 0) expect("skippedBehind", batch.skippedBehind(i), reading.skippedBehind(i));
    }
  }

  /** A payload lies within the ring and what continues it, and holds the bytes that the ring does. */
  #comparePayload(offset: number, size: number): void {
    const { memory: { bytes }, data, continued } = this.#ring;
    if (offset < data.start || offset + size > continued.end) {
      throw new Error(
        `a payload lies at [${offset}, ${offset + size}), outside of [${data.start}, ${continued.end})`,
      );
    }
    for (let at = Math.max(offset, data.end); at < offset + size; at++) {
      expect(`byte ${at - offset} of the payload at ${offset}`, bytes[at]!, bytes[at - this.#ringBytes]!);
    }
  }

  /** What a tap is shown. */
  #copy(): void {
    if (!this.#hasScanned) return;
    const { memory, data } = this.#ring;
    const distance = (this.#position - this.#begun) >>> 0;
    const range = this.#scanner.scanned(RING);
    expect("scanned.position", range.position, this.#begun);
    expect("scanned.distance", range.distance, distance);
    expect("scanned.bytes", range.bytes, Math.min(distance, this.#ringBytes));
    const copy = new Uint8Array(range.bytes);
    memory.mark();
    this.#scanner.copyScanned(RING, copy);
    memory.expectUnchanged(NOWHERE);
    for (let i = 0; i < copy.length; i++) {
      expect(`copied byte ${i}`, copy[i]!, memory.bytes[data.start + (this.#begun + i) % this.#ringBytes]!);
    }
  }

  #commit(): void {
    this.#store(this.#position, () => this.#scanner.commit(RING));
    this.#hasScanned = false;
    this.#events = 0;
  }

  #commitThrough(index: number): void {
    const { ends } = this.#reading;
    this.#store(ends[index]!, () => this.#scanner.commitThrough(RING, this.#batch, index));
    this.#through = index;
  }

  #rewind(index: number): void {
    const { memory } = this.#ring;
    memory.mark();
    this.#scanner.rewind(RING, this.#batch, index);
    memory.expectUnchanged(NOWHERE);
    this.#position = index < 0 ? this.#begun : this.#reading.ends[index]!;
    this.#expectPosition();
    this.#events = 0;
    this.#through = -1;
  }

  /** What a handler can see of an event: all of it, and nothing behind it. */
  #look(index: number): void {
    const event = this.#event;
    const size = this.#batch.sizeOf(index);
    event.point(this.#batch.offsetOf(index), size, 0);
    expect("event.size", event.bytes(0, size).length, size);
    for (const offset of [size, size + 4, 2 ** 32, -1]) {
      try {
        event.u8(offset);
      } catch (error) {
        if (error instanceof RangeError) continue;
        throw error;
      }
      throw new Error(`an event of ${size} bytes shows a byte at ${offset}`);
    }
  }

  #pass(commit: Commit): void {
    this.#begin();
    while (this.#scan()) {
      if (commit === "record") {
        for (let index = 0; index < this.#events; index++) this.#commitThrough(index);
      }
      if (commit !== "drain") this.#commit();
    }
    this.#commit();
  }

  /** Stores a position: in the reader's, whole, and nowhere else. */
  #store(position: number, call: () => void): void {
    const { memory, tail } = this.#ring;
    memory.mark();
    call();
    memory.expectUnchanged(tail);
    if (position < this.#tail.low) this.#tail.high = (this.#tail.high + 1) >>> 0;
    this.#tail.low = position;
    expect("the stored position", memory.view.getUint32(tail.start, true), this.#tail.low);
    expect("its high word", memory.view.getUint32(tail.start + 4, true), this.#tail.high);
  }

  #expectPosition(): void {
    expect("position", this.#scanner.position(RING), this.#position);
  }
}

function expect<T>(what: string, found: T, expected: T): void {
  if (found !== expected) throw new Error(`${what} is ${found}, expected ${expected}`);
}
