/**
 * Replays a recording: puts block after block into the rings of a source and lets a pipe read them.
 *
 * @module
 */

import { wrongArgument } from "../errors.ts";
import type { EventPipe } from "../pipe/event_pipe.ts";
import type { Statistics } from "../pipe/statistics.ts";
import type { Source } from "../source/source.ts";
import type { RecordingEnd } from "./block_reader.ts";
import type { RecordingHeader } from "./header.ts";
import { type DataBlock, type EndBlock, type RecordedBlock, Recording } from "./recording.ts";
import { ReplaySource } from "./replay_source.ts";

/** What is known of a recording once it was read as a whole. */
interface Survey {
  readonly end: RecordingEnd;
  readonly closing: EndBlock | null;
  readonly isLimited: boolean;
  /** Per ring the low word of the position at which it begins. */
  readonly positions: readonly number[];
  /** Per ring how far its events were delivered, in the measure of `DataBlock.start`; Infinity where all were. */
  readonly delivered: readonly number[];
}

/** Bytes that a ring still held when the recorded pipe was closed, and that were recorded before. */
interface Rest {
  readonly ring: number;
  readonly distance: number;
  readonly bytes: Uint8Array;
}

/** A recording and the rings it is replayed in. */
export class Replay implements Disposable {
  /** What was recorded. */
  readonly header: RecordingHeader;
  /** How the file ends. All that stands in front of a cut or a damage is replayed. */
  readonly end: RecordingEnd;
  /** When the recording was finished; null if it was not. */
  readonly finished: Date | null;
  /** What the recorded pipe had counted in all; null if the recording was not finished. */
  readonly statistics: Statistics | null;
  /** Whether the recording ends earlier than its pipe, since it had reached the length it was limited to. */
  readonly isLimited: boolean;
  readonly #recording: Recording;
  readonly #blocks: Generator<RecordedBlock, void>;
  readonly #source: ReplaySource;
  readonly #delivered: readonly number[];
  readonly #rests: Rest[] = [];
  /** Rings that hold what was left in them when the recorded pipe was closed, or will. */
  readonly #left = new Set<number>();
  #isOver = false;

  private constructor(recording: Recording, survey: Survey) {
    const { end, closing, isLimited, positions, delivered } = survey;
    this.header = recording.header;
    this.end = end;
    this.finished = closing?.finished ?? null;
    this.statistics = closing?.statistics ?? null;
    this.isLimited = isLimited;
    this.#recording = recording;
    this.#blocks = recording.blocks();
    this.#source = new ReplaySource(recording.header, positions);
    this.#delivered = delivered;
  }

  /**
   * Opens a recording and reads it through once.
   *
   * @param path The file.
   * @returns The replay; close it, or declare it with `using`.
   * @throws {TypeError} If the path is no text.
   * @throws {DamagedRecordingError} If not even its header can be read.
   * @throws {EventPipeError} If it cannot be opened, or is no recording of this version.
   *
   * @example A handler on recorded events
   * ```ts ignore
   * import { EventPipe } from "@eventpipe/eventpipe";
   * import { Replay } from "@eventpipe/eventpipe/record";
   *
   * using replay = Replay.open("run.rings");
   * using pipe = EventPipe.open({ source: replay.source, dispatchBy: replay.header.dispatchBy });
   * pipe.register({ name: "exec", process: (event) => console.log(event.u32(12), event.string(20, 16)) });
   * replay.run(pipe);
   * ```
   */
  static open(path: string): Replay {
    using cleanup = new DisposableStack();
    const recording = cleanup.use(Recording.open(path));
    const replay = new Replay(recording, survey(recording));
    cleanup.move();
    return replay;
  }

  /** The rings, for the pipe. The pipe owns and closes them. */
  get source(): Source {
    return this.#source;
  }

  /**
   * Lets a pipe read the recording, scan by scan in the order in which it was recorded. What the recorded pipe had left
   * in its rings is in the rings behind the end: `close` counts it as left too, unless `consume` delivers it before.
   *
   * @param pipe A pipe over `source`.
   * @returns 0 at the end, or when a handler has closed the pipe; or the number but 0 with which a handler ended a drain.
   * Then call it again to go on.
   * @throws What a handler throws; the next call goes on behind the event.
   * @throws {TypeError} If the pipe reads other rings.
   * @throws {EventPipeError} If the file cannot be read any more; `CLOSED`, after `close`.
   */
  run(pipe: EventPipe): number {
    if (typeof pipe?.consume !== "function") throw wrongArgument("replay", "pipe", "an EventPipe", pipe);
    while (!this.#isOver) {
      const result = pipe.consume();
      if (result !== 0 || this.#source.isClosed) return result;
      if (this.#source.cpus.some((_, ring) => this.#source.hasUnread(ring))) {
        throw new TypeError("Cannot replay: the pipe reads other rings; open it over the replay's source");
      }
      this.#isOver = !this.#next();
    }
    return 0;
  }

  /** Closes the file. Safe to call again. The pipe keeps what is in the rings. */
  close(): void {
    this.#recording.close();
  }

  /** Closes the file, for `using`. */
  [Symbol.dispose](): void {
    this.close();
  }

  /** Puts what comes next into the rings, up to something to deliver; false where there is nothing any more. */
  #next(): boolean {
    for (let step = this.#blocks.next(); !step.done; step = this.#blocks.next()) {
      const block = step.value;
      if (block.type === "data" && this.#put(block)) return true;
      if (block.type === "losses") this.#source.setLost(block.lost);
      if (block.type === "end") this.#source.setLost(block.statistics.cpus.map(({ lost }) => lost));
      if (block.type === "left") this.#leave(block.ring);
    }
    return false;
  }

  /** Puts a block into its ring, without what was never delivered of it; whether there is something to deliver. */
  #put({ ring, distance, start, bytes }: DataBlock): boolean {
    const delivered = Math.min(distance, Math.max(0, this.#delivered[ring]! - start));
    if (delivered > 0) this.#source.put(ring, delivered, bytes.subarray(0, delivered));
    if (delivered === distance) return true;
    const rest = { ring, distance: distance - delivered, bytes: bytes.subarray(delivered) };
    if (this.#left.has(ring)) this.#source.put(rest.ring, rest.distance, rest.bytes);
    else this.#rests.push({ ...rest, bytes: rest.bytes.slice() }); // the reader uses the memory again
    return delivered > 0;
  }

  /** From here on the ring holds what was left in it. */
  #leave(ring: number): void {
    this.#left.add(ring);
    for (const rest of this.#rests) if (rest.ring === ring) this.#source.put(ring, rest.distance, rest.bytes);
  }
}

/** Reads a recording through. */
function survey(recording: Recording): Survey {
  const { rings } = recording.header;
  const positions: (number | undefined)[] = rings.map(() => undefined);
  const delivered = rings.map(() => Infinity);
  let closing: EndBlock | null = null;
  let isLimited = false;
  for (const block of recording.blocks()) {
    if (block.type === "data") positions[block.ring] ??= block.position;
    if (block.type === "left") delivered[block.ring] = block.start;
    if (block.type === "limit") isLimited = true;
    if (block.type === "end") closing = block;
  }
  return { end: recording.end!, closing, isLimited, positions: positions.map((low) => low ?? 0), delivered };
}
