/** Recordings in temporary files: made by a pipe over memory rings, or put together block by block. */

import { crc32 } from "node:zlib";
import {
  type EventHandler,
  EventPipe,
  type EventPipeOptions,
  MemorySource,
  type RingTap,
  type Statistics,
} from "../../../mod.ts";
import { BLOCK, BLOCK_HEAD, DATA_BLOCK, fileHead, putBlockHead } from "../../../src/record/format.ts";
import {
  endText,
  Recording,
  Replay,
  RingRecorder,
  type RingRecorderOptions,
} from "../../../src/record/mod.ts";

/** Calls `test` with the name of a file that does not exist yet, and removes it afterwards. */
export function withFile(test: (path: string) => void): void {
  const folder = Deno.makeTempDirSync({ prefix: "eventpipe-record-" });
  try {
    test(`${folder}/test.rings`);
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
}

/** What a tap was shown. */
export interface Shown {
  readonly ring: number;
  readonly position: number;
  readonly distance: number;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** A tap that keeps what it is shown, and passes it on. */
export class KeepingTap implements RingTap {
  readonly shown: Shown[] = [];
  readonly #next: RingRecorder | undefined;

  constructor(next?: RingRecorder) {
    this.#next = next;
  }

  onScanned(...[ring, range, bytes]: Parameters<RingTap["onScanned"]>): void {
    this.shown.push({ ring, position: range.position, distance: range.distance, bytes: bytes.slice() });
    this.#next?.onScanned(ring, range, bytes);
  }

  onLeft(ring: number, position: number): void {
    this.#next?.onLeft(ring, position);
  }
}

/** A pipe over memory rings with a recorder for its tap. */
export class RecordedPipe implements Disposable {
  readonly source: MemorySource;
  readonly recorder: RingRecorder;
  readonly tap: KeepingTap;
  readonly pipe: EventPipe;

  constructor(
    path: string,
    { ringBytes = 4096, cpus = [0, 3], ...options }:
      & { readonly ringBytes?: number; readonly cpus?: readonly number[] }
      & Partial<RingRecorderOptions>
      & Omit<EventPipeOptions, "source"> = {},
  ) {
    this.source = MemorySource.open({ ringBytes, cpus });
    this.recorder = RingRecorder.create(path, { ...options, source: this.source, ringBytes });
    this.tap = new KeepingTap(this.recorder);
    this.pipe = EventPipe.open({ ...options, source: this.source, tap: this.tap });
  }

  /** Emits one event: category, time, value at offset 12, and further bytes. Returns what output returned. */
  emit(ring: number, category: number, value: number, bytes = 20): number {
    const writer = this.source.writer(ring);
    writer.payload.setUint32(0, category, true);
    writer.payload.setBigUint64(4, BigInt(value) * 1000n, true);
    writer.payload.setBigUint64(12, BigInt(value), true);
    return writer.output(bytes);
  }

  /** Closes the pipe and finishes the recording. */
  finish(): Statistics {
    this.pipe.close();
    const statistics = this.pipe.statistics();
    this.recorder.finish(statistics);
    return statistics;
  }

  [Symbol.dispose](): void {
    this.pipe.close();
    this.recorder.close();
  }
}

/** A handler that notes the events it gets. */
export function noting(seen: string[], name = "noting"): EventHandler {
  return {
    name,
    process: (event) => void seen.push(`${event.cpu}: ${event.bytes(0, event.size).toHex()}`),
  };
}

/** Counts that a replay must have in common with the recorded pipe: all but how often a waiter woke. */
export function withoutWakeups(statistics: Statistics): Statistics {
  return { ...statistics, wakeups: 0, cpus: statistics.cpus.map((cpu) => ({ ...cpu, wakeups: 0 })) };
}

/** Replays a recording to its end through the same handlers. */
export function replayAll(
  path: string,
  register: (pipe: EventPipe) => void,
  options: Omit<EventPipeOptions, "source"> = {},
): {
  readonly statistics: Statistics;
  readonly results: readonly number[];
  readonly shown: readonly Shown[];
} {
  using replay = Replay.open(path);
  const tap = new KeepingTap();
  using pipe = EventPipe.open({ ...options, source: replay.source, tap });
  register(pipe);
  const results: number[] = [];
  for (;;) {
    const result = replay.run(pipe);
    if (result === 0) break;
    results.push(result);
  }
  pipe.close();
  return { statistics: pipe.statistics(), results, shown: tap.shown };
}

/** What is read of a file: its blocks as texts, and how it ends. */
export function readBlocks(path: string): { readonly blocks: readonly string[]; readonly end: string } {
  using recording = Recording.open(path);
  const blocks = Array.from(recording.blocks(), (block) => {
    if (block.type !== "data") return JSON.stringify(block);
    const { ring, position, distance, start, bytes } = block;
    return `data ${ring} ${position} ${distance} ${start} ${bytes.toHex()}`;
  });
  return { blocks, end: endText(recording.end!) };
}

/** A block whose checksums are right. */
export function block(type: number, content: Uint8Array | string): Uint8Array {
  const body = typeof content === "string" ? new TextEncoder().encode(content) : content;
  const bytes = new Uint8Array(BLOCK_HEAD.bytes + body.length);
  putBlockHead(new DataView(bytes.buffer), bytes, 0, type, body.length, crc32(body));
  bytes.set(body, BLOCK_HEAD.bytes);
  return bytes;
}

/** A DATA block. */
export function dataBlock(ring: number, position: number, distance: number, bytes: Uint8Array): Uint8Array {
  const head = new DataView(new ArrayBuffer(DATA_BLOCK.bytes));
  [ring, position, distance].forEach((word, i) => head.setUint32(i * 4, word, true));
  return block(BLOCK.DATA, new Uint8Array([...new Uint8Array(head.buffer), ...bytes]));
}

/** A LEFT block. */
export function leftBlock(ring: number, position: number): Uint8Array {
  return block(BLOCK.LEFT, new Uint8Array(Uint32Array.of(ring, position).buffer));
}

/** A header as a recorder of two memory rings of 4 KiB writes it. */
export const HEADER = {
  source: "memory",
  ring: "perf",
  rings: [{ cpu: 0, bytes: 4096 }, { cpu: 3, bytes: 4096 }],
  samples: "raw",
  dispatchBy: "category",
  categories: [],
  countsLosses: true,
  pageBytes: 4096,
  kernel: null,
  wallOffsetNs: null,
  started: "2026-01-02T03:04:05.678Z",
  command: [],
};

/** Writes a file of a file head, a header and blocks. */
export function writeFile(path: string, blocks: readonly Uint8Array[], header: unknown = HEADER): void {
  const parts = [fileHead(), block(BLOCK.HEAD, JSON.stringify(header)), ...blocks];
  Deno.writeFileSync(path, Uint8Array.from(parts.flatMap((part) => [...part])));
}
