/**
 * What eventpipe does in its peer: scans without a handler, or delivers through the public API, event by event or in
 * batches.
 *
 * @module
 */

import { EventPipe } from "../../src/pipe/event_pipe.ts";
import type { Event } from "../../src/pipe/event.ts";
import type { EventBatch } from "../../src/pipe/event_batch.ts";
import { RecordBatch } from "../../src/ring/scanner.ts";
import type { Source } from "../../src/source/source.ts";
import type { PeerConfig } from "./protocol.ts";

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
        for (let i = 0; i < count; i++) check = (check + categories[i]!) | 0;
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
  /** Per handler its sum of u32s and its sum of u64s. */
  const sums = new Float64Array(2 * handlers);
  for (let category = 0; category < handlers; category++) {
    const name = `handler ${category}`;
    const own = sums.subarray(2 * category, 2 * category + 2);
    if (delivery === "batch") pipe.register({ name, processBatch: makeProcessBatch(own) });
    else if (delivery === "each") pipe.register({ name, process: makeProcess(own) });
    else pipe.register({ name, process: makeProcessWords(own, payloadBytes) });
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
      const check = sums.reduce((sum, part) => (sum + part % 2 ** 32) % 2 ** 32, 0);
      sums.fill(0);
      return { events, check };
    },
    [Symbol.dispose]: () => pipe.close(),
  };
}

/** A function of its own for each handler, as in a program: the call in the dispatch loop has as many targets. */
function makeProcess(sums: Float64Array): (event: Event) => void {
  const { sequence, value } = FILL_EVENT;
  return new Function(
    "sums",
    `return (event) => { sums[0] += event.u32(${value}); sums[1] += event.u64(${sequence}); };`,
  )(sums);
}

/** In the integers of the processor: a sum of numbers that are not would be one of floating point. */
function makeProcessWords(sums: Float64Array, payloadBytes: number): (event: Event) => void {
  return new Function(
    "sums",
    `return (event) => {
      let sum = 0;
      for (let offset = ${FILL_EVENT.sequence}; offset < ${payloadBytes}; offset += 4) {
        sum = (sum + event.u32(offset)) | 0;
      }
      sums[0] += sum >>> 0;
    };`,
  )(sums);
}

function makeProcessBatch(sums: Float64Array): (events: EventBatch) => void {
  const { sequence, value } = FILL_EVENT;
  return new Function(
    "sums",
    `return (events) => {
      for (let i = 0; i < events.length; i++) {
        sums[0] += events.u32(i, ${value});
        sums[1] += events.u64(i, ${sequence});
      }
    };`,
  )(sums);
}
