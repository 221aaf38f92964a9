/**
 * What the suite `gate` measures eventpipe against, as a peer: `gate_walk.ts` and the arguments of every peer; see
 * ../peers/protocol.ts. It is the plainest reader of a perf ring in TypeScript: a loop that trusts the kernel, fills a list
 * of records and calls functions, all of it in this file.
 *
 * It runs on the same just-in-time compiler and has much the same machine code as eventpipe. So whatever makes such code
 * slower for a minute, such as a neighbour on the core's other thread, does so to both, and the ratio of the two stands
 * still; a program in C has other code and loses less. **It uses nothing of the scanners and the dispatch, and must not be
 * made faster or slower**: a change of it looks like one of eventpipe.
 *
 * @module
 */

import { PERF_EVENT_MMAP_PAGE } from "../../src/abi/perf_event.ts";
import { SYSCONF } from "../../src/abi/linux.ts";
import { pinThread } from "../../src/ffi/affinity.ts";
import { monotonicNs } from "../../src/ffi/clock.ts";
import { libc } from "../../src/ffi/libc.ts";
import { PerfSource } from "../../src/source/perf.ts";
import { FillGenerator } from "../peers/fill_generator.ts";
import { answer, requests, runPeer } from "../peers/lines.ts";
import { readBlockRequest, readPeerArguments } from "../peers/protocol.ts";

const { data_head, data_tail } = PERF_EVENT_MMAP_PAGE.offsets;

/** <linux/perf_event.h> `struct perf_event_header`: where the size stands; and where the raw data begins, PERF_SAMPLE_RAW. */
const SIZE_AT = 6;
const RAW_SIZE_AT = 8;
const DATA_AT = 12;

/** Behind the category, ../peers/fill.bpf.c `struct fill_event`. */
const SEQUENCE_AT = 12;
const VALUE_AT = 20;

/** Records in the list. */
const LISTED = 256;

/** Nobody waits for this ring; above what it holds. */
const NEVER_WAKE = 0x7fffffff;

/** A function that is called with an event. */
type Handler = (view: DataView, offset: number) => void;

/** The reader: one ring, which the kernel fills. */
class Walk {
  readonly #bytes: Uint8Array;
  readonly #words: Int32Array;
  readonly #view: DataView;
  readonly #data: number;
  readonly #ringBytes: number;
  readonly #handlers: readonly Handler[];
  /** The list: where each event begins, its bytes, its category, the position behind it. */
  readonly #offsets = new Int32Array(LISTED);
  readonly #sizes = new Int32Array(LISTED);
  readonly #categories = new Int32Array(LISTED);
  readonly #ends = new Int32Array(LISTED);
  /** The low word of the position read up to; the ring has far fewer bytes than 2^32. */
  #position = 0;
  /** Events read, and the sum of their categories modulo 2^32 where there are no handlers. */
  events = 0;
  categorySum = 0;

  constructor(buffer: ArrayBufferLike, data: number, ringBytes: number, handlers: readonly Handler[]) {
    this.#bytes = new Uint8Array(buffer);
    this.#words = new Int32Array(buffer, 0, buffer.byteLength >> 2);
    this.#view = new DataView(buffer);
    this.#data = data;
    this.#ringBytes = ringBytes;
    this.#handlers = handlers;
  }

  /** Reads the ring up to its head. */
  consume(): void {
    // Ordering: load-acquire of data_head before the records, store-release of data_tail behind them; they pair with (B)
    // and (A) of the table in kernel/events/ring_buffer.c perf_output_put_handle().
    const head = Atomics.load(this.#words, data_head >> 2);
    while (this.#position !== head) {
      const count = this.#list(head);
      this.events += count;
      if (this.#handlers.length === 0) this.#addUp(count);
      else this.#call(count);
      Atomics.store(this.#words, data_tail >> 2, this.#position);
    }
  }

  /** Lists the records up to the head, as many as there is room for. */
  #list(head: number): number {
    const view = this.#view;
    const [offsets, sizes, categories, ends] = [this.#offsets, this.#sizes, this.#categories, this.#ends];
    const data = this.#data;
    const mask = this.#ringBytes - 1;
    const end = data + this.#ringBytes;
    let position = this.#position;
    let count = 0;
    while (position !== head && count < LISTED) {
      const offset = data + (position & mask);
      const size = view.getUint16(offset + SIZE_AT, true);
      // What lies at the ring's start is copied behind the end, so that the record stands there in one piece.
      if (offset + size > end) this.#bytes.copyWithin(end, data, offset + size - this.#ringBytes);
      position = (position + size) | 0;
      offsets[count] = offset + DATA_AT;
      sizes[count] = view.getInt32(offset + RAW_SIZE_AT, true);
      categories[count] = view.getInt32(offset + DATA_AT, true);
      ends[count] = position;
      count++;
    }
    this.#position = position;
    return count;
  }

  #addUp(count: number): void {
    const categories = this.#categories;
    let sum = this.categorySum;
    for (let i = 0; i < count; i++) sum = (sum + categories[i]!) | 0;
    this.categorySum = sum;
  }

  #call(count: number): void {
    for (let i = 0; i < count; i++) this.#handlers[this.#categories[i]!]!(this.#view, this.#offsets[i]!);
  }
}

/** A function of its own for each handler, as in a program. */
function makeHandler(words: Int32Array, sums: Float64Array): Handler {
  return new Function(
    "words",
    "sums",
    `return (view, offset) => {
      words[0] = (words[0] + view.getInt32(offset + ${VALUE_AT}, true)) | 0;
      sums[0] += view.getUint32(offset + ${SEQUENCE_AT}, true) +
        view.getUint32(offset + ${SEQUENCE_AT + 4}, true) * 2 ** 32;
    };`,
  )(words, sums);
}

function main(args: readonly string[]): void {
  const { object, config } = readPeerArguments(args);
  const { producerCpu, consumerCpu, ringBytes, handlers, events } = config;
  pinThread(consumerCpu);
  using cleanup = new DisposableStack();
  const source = PerfSource.open({ ringBytes, cpus: [producerCpu], wakeupEvents: NEVER_WAKE });
  cleanup.defer(() => source.close());
  const generator = cleanup.use(new FillGenerator(object, config, source.mapFd));
  const pageBytes = Number(libc().sysconf(SYSCONF._SC_PAGESIZE));
  const words = new Int32Array(handlers);
  const sums = new Float64Array(handlers);
  const made = Array.from(
    { length: handlers },
    (_, category) => makeHandler(words.subarray(category), sums.subarray(category)),
  );
  const walk = new Walk(source.buffer, pageBytes, ringBytes, made);
  source.start();
  answer({ ready: true });
  for (const line of requests()) {
    const { seed, fills } = readBlockRequest(line);
    const begun = monotonicNs();
    let ns = 0;
    for (let fill = 0; fill < fills; fill++) {
      generator.fill(seed, fill * events);
      const start = monotonicNs();
      walk.consume();
      ns += monotonicNs() - start;
    }
    const wholeNs = monotonicNs() - begun;
    const check = sums.reduce(
      (sum, part) => (sum + part) % 2 ** 32,
      words.reduce((sum, part) => sum + (part >>> 0), walk.categorySum >>> 0) % 2 ** 32,
    );
    answer({ events: walk.events, check, ns, wholeNs });
    walk.events = walk.categorySum = 0;
    words.fill(0);
    sums.fill(0);
  }
}

runPeer(main);
