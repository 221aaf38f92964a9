/**
 * The recorder: a tap that writes the bytes of the rings to a file as the pipe reads them. What it writes is told in
 * format.ts, how it writes in block_writer.ts.
 *
 * @module
 */

import { SYSCONF } from "../abi/linux.ts";
import { checkObject, type EventPipeError, wrongArgument } from "../errors.ts";
import { monotonicNs } from "../ffi/clock.ts";
import { readSmallFile } from "../ffi/file.ts";
import { libc } from "../ffi/libc.ts";
import type { Statistics } from "../pipe/statistics.ts";
import type { RingTap } from "../pipe/tap.ts";
import { maxPayloadBytes } from "../ring/geometry.ts";
import type { DispatchBy, ScannedRange } from "../ring/scanner.ts";
import type { Source } from "../source/source.ts";
import { BlockWriter } from "./block_writer.ts";
import { BLOCK, BLOCK_HEAD, DATA_BLOCK, LEFT_BLOCK } from "./format.ts";
import { checkRings, encodeHeader, PAGE_BYTES, type RecordingHeader } from "./header.ts";

/** How a {@linkcode RingRecorder} is made. */
export interface RingRecorderOptions {
  /** The source whose rings are recorded; the same that the pipe gets. */
  readonly source: Source;
  /** The size of each ring's data in bytes, as the source was opened with; a list where they differ. */
  readonly ringBytes: number | readonly number[];
  /** What is in a sample: `raw` data alone, unless given, or a `whole` of several fields, as in a `TracepointSource`. */
  readonly samples?: "raw" | "whole";
  /** Whether events begin with a category, as for the pipe; `category` unless given. */
  readonly dispatchBy?: DispatchBy;
  /** Names of the categories 0, 1, 2, ..., for whoever reads the recording. */
  readonly categories?: readonly string[];
  /** The command line that records, for whoever reads the recording. */
  readonly command?: readonly string[];
  /**
   * Record no more once the file would become longer than this; no limit unless given. What tells so and what the pipe
   * counted, some hundred bytes per ring and category, are written nevertheless.
   */
  readonly maxBytes?: number;
}

/** What a recorder has made so far. */
export interface RecorderProgress {
  /** The length of the file, what is not written out yet included. */
  readonly bytes: number;
  /** Whether `maxBytes` was reached: what is read from then on is not recorded. */
  readonly isFull: boolean;
  /** Why nothing is recorded any more, a full disk for instance; null while all is well. */
  readonly failure: EventPipeError | null;
}

/** Losses are told behind so many bytes of the rings. */
const LOSSES_EVERY_BYTES = 256 * 1024;

/**
 * Records what a pipe reads.
 *
 * It does not throw while the pipe reads: once a write has failed it records nothing more, keeps the file as it is, which
 * is readable up to there, and throws what failed at `flush`, `finish` and `close`.
 */
export class RingRecorder implements RingTap, Disposable {
  readonly #source: Source;
  readonly #writer: BlockWriter;
  readonly #maxBytes: number;
  readonly #encoder = new TextEncoder();
  readonly #head = new DataView(new ArrayBuffer(DATA_BLOCK.bytes));
  readonly #dataHead = new Uint8Array(this.#head.buffer);
  readonly #leftHead = new Uint8Array(this.#head.buffer, 0, LEFT_BLOCK.bytes);
  /** Losses as they were told last. */
  #told: readonly number[];
  /** Bytes of the rings since then. */
  #untold = 0;
  #isFull = false;

  private constructor(source: Source, writer: BlockWriter, header: RecordingHeader, maxBytes: number) {
    this.#source = source;
    this.#writer = writer;
    this.#maxBytes = maxBytes;
    this.#told = source.cpus.map(() => 0);
    writer.write(BLOCK.HEAD, encodeHeader(header));
  }

  /**
   * Begins a recording. Give it to the pipe as its `tap`.
   *
   * @param path The file; one of that name is emptied first.
   * @param options What is recorded, and how much of it.
   * @returns The recorder; finish it, or declare it with `using` to have the file closed whatever happens.
   * @throws {TypeError} If the source cannot be recorded, or an option is of the wrong kind.
   * @throws {RangeError} If a size is out of range.
   * @throws {EventPipeError} If the file cannot be written.
   *
   * @example Recording what a pipe reads
   * ```ts ignore
   * import { EventPipe, PerfSource } from "@eventpipe/eventpipe";
   * import { RingRecorder } from "@eventpipe/eventpipe/record";
   *
   * const source = PerfSource.open({ ringBytes: 65536 });
   * using recorder = RingRecorder.create("run.rings", { source, ringBytes: 65536 });
   * using pipe = EventPipe.open({ source, tap: recorder });
   * // ... register handlers, run the pipe ...
   * pipe.close();
   * recorder.finish(pipe.statistics());
   * ```
   */
  static create(path: string, options: RingRecorderOptions): RingRecorder {
    if (typeof path !== "string") throw wrongArgument("record", "path", "the name of a file", path);
    checkObject(options, "record");
    const header = describe(options);
    return new RingRecorder(options.source, BlockWriter.create(path), header, options.maxBytes ?? Infinity);
  }

  /** How far the recording has come. */
  get progress(): RecorderProgress {
    const { bytes, failure } = this.#writer;
    return { bytes, isFull: this.#isFull, failure };
  }

  /**
   * Called by the pipe.
   *
   * @param ring The ring's index.
   * @param range Where in the ring.
   * @param bytes What stood there.
   */
  onScanned(ring: number, { position, distance }: ScannedRange, bytes: Uint8Array<ArrayBuffer>): void {
    if (!this.#hasRoom(BLOCK_HEAD.bytes + DATA_BLOCK.bytes + bytes.length)) return;
    this.#head.setUint32(DATA_BLOCK.ring, ring, true);
    this.#head.setUint32(DATA_BLOCK.position, position, true);
    this.#head.setUint32(DATA_BLOCK.distance, distance, true);
    this.#writer.write(BLOCK.DATA, bytes, this.#dataHead);
    this.#untold += bytes.length;
    if (this.#untold >= LOSSES_EVERY_BYTES) this.#tellLosses();
  }

  /**
   * Called by the pipe when it is closed, in front of what it finds in a ring then.
   *
   * @param ring The ring's index.
   * @param position Where its first event stands that was not delivered.
   */
  onLeft(ring: number, position: number): void {
    if (!this.#hasRoom(BLOCK_HEAD.bytes + LEFT_BLOCK.bytes)) return;
    this.#head.setUint32(LEFT_BLOCK.ring, ring, true);
    this.#head.setUint32(LEFT_BLOCK.position, position, true);
    this.#writer.write(BLOCK.LEFT, this.#leftHead);
  }

  /**
   * Writes out what was recorded so far, so that it outlives this process whatever becomes of it.
   *
   * @throws {EventPipeError} What could not be written, now or before.
   */
  flush(): void {
    this.#writer.flush();
  }

  /**
   * Ends the recording with what the pipe has counted. Once the pipe is closed.
   *
   * @param statistics The pipe's statistics.
   * @throws {TypeError} If they are not those of a pipe over the recorded source.
   * @throws {EventPipeError} `CLOSED` after `finish` or `close`; else what could not be written, now or before: the file
   * is closed nevertheless.
   */
  finish(statistics: Statistics): void {
    this.#writer.checkOpen("finish the recording");
    if (statistics?.cpus?.length !== this.#source.cpus.length) {
      throw wrongArgument(
        "finish the recording",
        "statistics",
        "what the pipe's statistics() returned",
        statistics,
      );
    }
    const end = { finished: new Date().toISOString(), statistics };
    this.#writer.write(BLOCK.END, this.#encoder.encode(JSON.stringify(end)));
    this.#writer.close();
  }

  /**
   * Closes the file without an end, where the pipe could not be closed in order: readers are told that it is cut. Does
   * nothing after `finish`.
   *
   * @throws {EventPipeError} What could not be written, now or before; the file is closed nevertheless.
   */
  close(): void {
    this.#writer.close();
  }

  /** The same as `close`, for `using`. */
  [Symbol.dispose](): void {
    this.close();
  }

  /** Whether a block is recorded; the first one that is not is replaced by a mark. */
  #hasRoom(blockBytes: number): boolean {
    if (this.#isFull) return false;
    if (this.#writer.bytes + blockBytes <= this.#maxBytes) return true;
    this.#isFull = true;
    this.#writer.write(BLOCK.LIMT, this.#encoder.encode(JSON.stringify({ maxBytes: this.#maxBytes })));
    return false;
  }

  #tellLosses(): void {
    this.#untold = 0;
    if (!this.#source.countsLosses) return;
    const lost = this.#source.cpus.map((_, ring) => this.#source.lost(ring));
    if (lost.every((count, ring) => count === this.#told[ring])) return;
    this.#told = lost;
    this.#writer.write(BLOCK.LOST, this.#encoder.encode(JSON.stringify({ lost })));
  }
}

/** The header of a recording of this source, as its machine is now. */
function describe(options: RingRecorderOptions): RecordingHeader {
  const { source, ringBytes, samples = "raw", dispatchBy = "category", categories = [], command = [] } =
    options;
  checkSource(source);
  const sizes = typeof ringBytes === "number" ? source.cpus.map(() => ringBytes) : ringBytes;
  checkOptions(options, sizes);
  const isKernel = source.kind === "kernel";
  return {
    source: source.kind,
    ring: source.ring,
    rings: source.cpus.map((cpu, ring) => ({ cpu, bytes: sizes[ring]! })),
    samples,
    dispatchBy,
    categories,
    countsLosses: source.countsLosses,
    pageBytes: isKernel ? Number(libc().sysconf(SYSCONF._SC_PAGESIZE)) : PAGE_BYTES,
    kernel: isKernel ? readSmallFile("/proc/sys/kernel/osrelease").trimEnd() : null,
    wallOffsetNs: isKernel ? BigInt(Date.now()) * 1_000_000n - BigInt(monotonicNs()) : null,
    started: new Date(),
    command,
  };
}

function checkSource(source: Source): void {
  if (typeof source?.openScanner !== "function") {
    throw wrongArgument("record", "source", "the source of events that the pipe gets", source);
  }
  if (source.overwritable) {
    throw new TypeError(
      "Cannot record overwritable rings: they are read backwards; open the source without that",
    );
  }
}

function checkOptions(options: RingRecorderOptions, sizes: readonly number[]): void {
  const { source, samples, dispatchBy, categories = [], command = [], maxBytes } = options;
  if (!Array.isArray(sizes) || sizes.length !== source.cpus.length) {
    throw new TypeError(
      `Cannot record: ringBytes must be a size, or one for each of the ${source.cpus.length} rings, current value is ${sizes}`,
    );
  }
  checkRings(source.ring, sizes);
  const [bytes = 0] = sizes;
  const { maxPayloadBytes: longest } = source;
  if (source.ring === "perf" && maxPayloadBytes(bytes) !== longest) {
    throw new RangeError(
      `Cannot record: ringBytes must be what the source was opened with; its rings take events of up to ${longest} bytes, which rings of ${bytes} bytes do not`,
    );
  }
  if (samples !== undefined && samples !== "raw" && samples !== "whole") {
    throw wrongArgument("record", "samples", '"raw" or "whole"', samples);
  }
  if (dispatchBy !== undefined && dispatchBy !== "category" && dispatchBy !== "all") {
    throw wrongArgument("record", "dispatchBy", '"category" or "all"', dispatchBy);
  }
  for (const [name, words] of [["categories", categories], ["command", command]] as const) {
    if (!Array.isArray(words) || words.some((word) => typeof word !== "string")) {
      throw wrongArgument("record", name, "a list of texts", words);
    }
  }
  if (maxBytes !== undefined && !(Number.isSafeInteger(maxBytes) && maxBytes > 0)) {
    throw new RangeError(
      `Cannot record: maxBytes must be a whole number of bytes above 0, current value is ${maxBytes}`,
    );
  }
}
