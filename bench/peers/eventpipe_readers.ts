/**
 * What eventpipe does in its peer: scans without a handler, or delivers through the public API, event by event or in
 * batches.
 *
 * @module
 */

import { EventPipe } from "../../src/pipe/event_pipe.ts";
import type { Event } from "../../src/pipe/event.ts";
import type { EventBatch } from "../../src/pipe/event_batch.ts";
import { RecordBatch } from "../../src/ring/record_batch.ts";
import type { Source } from "../../src/source/source.ts";
import { CATEGORIES, type PeerConfig } from "./protocol.ts";

/**
 * How events are delivered: `scan` gives them to nobody, `each` one by one, `batch` grouped by category; `words` too one by
 * one, to handlers that add up every word.
 */
export type Delivery = "scan" | "each" | "batch" | "words";

/** The rings eventpipe can be measured on. */
export type OwnRing = "perf" | "ringbuf" | "memory";

/** Reads a ring and adds up what it reads. */
export interface Reader extends Disposable {
  /** Reads the ring up to its head. */
  consume(): void;
  /** What was read since the last call: events, and the sum that all peers agree on, modulo 2^32. */
  takeSums(): { events: number; check: number };
}

/** Behind the category, fill.bpf.c `struct fill_event`. */
const FILL_EVENT = { sequence: 12, value: 20 } as const;

/**
 * Opens a reader.
 *
 * @param source Its rings, from now on owned by the reader.
 * @param delivery How events are delivered.
 * @param config To how many handlers, and what events of which size.
 * @returns The reader.
 */
export function openReader(source: Source, delivery: Delivery, config: PeerConfig): Reader {
  return delivery === "scan" ? openScan(source) : openPipe(source, delivery, config);
}

/** A source with a filter. */
export interface FilteringSource extends Source {
  /** How many events of a category, or of all, were not handed on. */
  filtered(category?: number): number;
}

/**
 * Opens a reader that has nothing handed on: events are validated and counted by category in the ring, by the scanner in
 * WebAssembly.
 *
 * @param source Its rings, with a filter that nothing passes; from now on owned by the reader.
 * @returns The reader.
 */
export function openCounter(source: FilteringSource): Reader {
  const pipe = EventPipe.open({ source });
  let seenEvents = 0;
  let seenCheck = 0;
  return {
    consume: () => void pipe.consume(),
    takeSums(): { events: number; check: number } {
      const all = source.filtered();
      let sum = 0;
      for (let category = 0; category < CATEGORIES; category++) sum += category * source.filtered(category);
      const sums = { events: all - seenEvents, check: (sum - seenCheck) % 2 ** 32 };
      seenEvents = all;
      seenCheck = sum;
      return sums;
    },
    [Symbol.dispose]: () => pipe.close(),
  };
}

/** Validates every record and finds its category, as a pipe does before it looks for a handler. */
function openScan(source: Source): Reader {
  const scanner = source.openScanner();
  source.start();
  const batch = new RecordBatch();
  let events = 0;
  let check = 0;
  return {
    consume(): void {
      if (!scanner.begin(0)) return;
      while (scanner.scan(0, batch)) {
        const { categories, count } = batch;
        let sum = 0; // a variable of the outer function would be stored at each step
        for (let i = 0; i < count; i++) sum = (sum + categories[i]!) | 0;
        check = (check + sum) | 0;
        events += count;
      }
      scanner.commit(0);
    },
    takeSums(): { events: number; check: number } {
      const sums = { events, check: check >>> 0 };
      events = check = 0;
      return sums;
    },
    [Symbol.dispose]: () => source.close(),
  };
}

function openPipe(
  source: Source,
  delivery: Exclude<Delivery, "scan">,
  { handlers, payloadBytes }: PeerConfig,
): Reader {
  const pipe = EventPipe.open({ source });
  /** Per handler its sum of u32s, modulo 2^32 as an integer, and its sum of u64s. */
  const words = new Int32Array(handlers);
  const sums = new Float64Array(handlers);
  for (let category = 0; category < handlers; category++) {
    const name = `handler ${category}`;
    const word = words.subarray(category, category + 1);
    const sum = sums.subarray(category, category + 1);
    if (delivery === "batch") pipe.register({ name, processBatch: makeProcessBatch(word, sum) });
    else if (delivery === "each") pipe.register({ name, process: makeProcess(word, sum) });
    else pipe.register({ name, process: makeProcessWords(word, payloadBytes) });
  }
  let seen = 0;
  return {
    consume: () => void pipe.consume(),
    takeSums(): { events: number; check: number } {
      const { dispatched, lost, unknown, corrupt } = pipe.statistics();
      if (lost + unknown + corrupt > 0) {
        throw new Error(`Cannot count on the block: ${lost} lost, ${unknown} unknown, ${corrupt} corrupt`);
      }
      const events = dispatched - seen;
      seen = dispatched;
      // Of at most some 10,000 values below 2^32 each, all below 2^53.
      const check = sums.reduce(
        (sum, part) => (sum + part) % 2 ** 32,
        words.reduce((sum, part) => sum + (part >>> 0), 0),
      );
      words.fill(0);
      sums.fill(0);
      return { events, check };
    },
    [Symbol.dispose]: () => pipe.close(),
  };
}

/** A function of its own for each handler, as in a program: the call in the dispatch loop has as many targets. */
function makeProcess(words: Int32Array, sums: Float64Array): (event: Event) => void {
  const { sequence, value } = FILL_EVENT;
  return new Function(
    "words",
    "sums",
    `return (event) => {
      words[0] = (words[0] + event.u32(${value})) | 0;
      sums[0] += event.u64(${sequence});
    };`,
  )(words, sums);
}

function makeProcessWords(words: Int32Array, payloadBytes: number): (event: Event) => void {
  return new Function(
    "words",
    `return (event) => {
      const { view } = event;
      const first = event.locate(${FILL_EVENT.sequence}, ${payloadBytes - FILL_EVENT.sequence});
      const end = first + ${payloadBytes - FILL_EVENT.sequence};
      let sum = 0;
      for (let at = first; at < end; at += 4) sum = (sum + view.getInt32(at, true)) | 0;
      words[0] = (words[0] + sum) | 0;
    };`,
  )(words);
}

function makeProcessBatch(words: Int32Array, sums: Float64Array): (events: EventBatch) => void {
  const { sequence, value } = FILL_EVENT;
  return new Function(
    "words",
    "sums",
    `return (events) => {
      const { length } = events;
      let word = 0;
      let sum = 0;
      for (let i = 0; i < length; i++) {
        word = (word + events.u32(i, ${value})) | 0;
        sum += events.u64(i, ${sequence});
      }
      words[0] = (words[0] + word) | 0;
      sums[0] += sum;
    };`,
  )(words, sums);
}
