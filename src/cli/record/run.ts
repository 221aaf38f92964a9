/**
 * One run of `deno task record`: the pipe with its recorder, what ends it, and what is said about it.
 *
 * @module
 */

import { EventPipeError } from "../../errors.ts";
import { EventPipe } from "../../pipe/event_pipe.ts";
import type { Statistics } from "../../pipe/statistics.ts";
import { RingRecorder, type RingRecorderOptions } from "../../record/recorder.ts";
import type { DispatchBy } from "../../ring/scanner.ts";
import type { Source } from "../../source/source.ts";
import { UsageError } from "../args.ts";
import { EXIT_FAILED, EXIT_OK } from "../exit.ts";
import { formatBytes } from "../units.ts";

/** How a recording runs. */
export interface RunOptions {
  /** Whether events begin with a category. */
  readonly dispatchBy: DispatchBy;
  /** End when the file has this size. */
  readonly maxBytes: number | undefined;
  /** End after this time, in ms. */
  readonly duration: number | undefined;
}

/** The pipe and the recorder of one recording. */
export class Run implements Disposable {
  /** The pipe over the source. Nobody handles its events. */
  readonly pipe: EventPipe;
  readonly #output: string;
  readonly #source: Source;
  readonly #recorder: RingRecorder;
  readonly #end = new AbortController();
  readonly #cleanup = new DisposableStack();

  /**
   * Begins the recording. From here on SIGINT and SIGTERM end it.
   *
   * @param options When it ends, and how events are read.
   * @param output The file.
   * @param source What is recorded; owned by the run.
   * @param ringBytes The size of each of its rings.
   * @throws {UsageError} If the file cannot be written.
   * @throws {EventPipeError} If the kernel refuses.
   */
  constructor(options: RunOptions, output: string, source: Source, ringBytes: number) {
    const { dispatchBy, maxBytes, duration } = options;
    this.#output = output;
    this.#source = source;
    using cleanup = new DisposableStack();
    cleanup.defer(() => source.close());
    this.#recorder = cleanup.use(createRecorder(output, {
      source,
      ringBytes,
      dispatchBy,
      command: ["deno", "task", "record", ...Deno.args],
      ...(maxBytes === undefined ? {} : { maxBytes }),
    }));
    this.pipe = cleanup.use(EventPipe.open({ source, dispatchBy, tap: this.#recorder }));
    const end = (): void => this.#end.abort();
    for (const signal of ["SIGINT", "SIGTERM"] as const) {
      Deno.addSignalListener(signal, end);
      cleanup.defer(() => Deno.removeSignalListener(signal, end));
    }
    if (duration !== undefined) {
      const timer = setTimeout(end, duration);
      cleanup.defer(() => clearTimeout(timer));
    }
    this.#cleanup = cleanup.move();
  }

  /** Records until something ends it. What was read is in the file after each drain. */
  async untilEnd(): Promise<void> {
    await this.pipe.run({ signal: this.#end.signal, onDrained: () => void this.goesOn() });
  }

  /**
   * Writes out what was read.
   *
   * @returns Whether to go on.
   */
  goesOn(): boolean {
    const { isFull, failure } = this.#recorder.progress;
    if (isFull || failure !== null) this.#end.abort();
    else this.#flush();
    return !this.#end.signal.aborted;
  }

  /**
   * Ends the recording and says on stderr what is in it.
   *
   * @returns The exit status.
   */
  finish(): number {
    this.pipe.close();
    const statistics = this.pipe.statistics();
    try {
      this.#recorder.finish(statistics);
    } catch (error) {
      if (!(error instanceof EventPipeError)) throw error;
      console.error(error.message);
      console.error(`What ${this.#output} holds up to there can be replayed`);
      return EXIT_FAILED;
    }
    console.error(this.#summary(statistics));
    return EXIT_OK;
  }

  /** Closes the pipe and the file. */
  [Symbol.dispose](): void {
    this.#cleanup.dispose();
  }

  /** Events, and whatever was not in order. */
  #summary({ dispatched, unknown, lost, corrupt, cpus }: Statistics): string {
    const { bytes, isFull } = this.#recorder.progress;
    const events = dispatched + unknown;
    const rings = `${cpus.length} ${cpus.length === 1 ? "ring" : "rings"}`;
    const lines = [
      `${events} ${events === 1 ? "event" : "events"} of ${rings}, ${formatBytes(bytes)} in ${this.#output}`,
    ];
    if (lost > 0) {
      const places = cpus.filter((cpu) => cpu.lost > 0).map((cpu) => `CPU ${cpu.cpu}: ${cpu.lost}`);
      lines.push(`${lost} lost to full rings (${places.join(", ")})`);
    }
    if (!this.#source.countsLosses) lines.push("Losses are not counted here; there may be more");
    if (corrupt > 0) {
      lines.push(`Rings were corrupt ${corrupt} times: a program outputs more than 65,516 bytes at once`);
    }
    if (isFull) lines.push("The file has reached its limit: what came then is not in it");
    return lines.join("\n");
  }

  /** A failure ends the run; `finish` tells it. */
  #flush(): void {
    try {
      this.#recorder.flush();
    } catch {
      this.#end.abort();
    }
  }
}

function createRecorder(output: string, options: RingRecorderOptions): RingRecorder {
  try {
    return RingRecorder.create(output, options);
  } catch (error) {
    if (error instanceof EventPipeError) throw new UsageError(error.message);
    throw error;
  }
}
