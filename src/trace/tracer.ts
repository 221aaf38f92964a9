/**
 * Runs a trace from its first event to its summary: brings backend, command, output and the ways to end together.
 *
 * @module
 */

import type { Backend } from "./backend.ts";
import { Collector } from "./collector.ts";
import type { TracedCommand } from "./command.ts";
import type { TraceEvent, TraceHeader, TraceLoss, TraceSummary } from "./model.ts";
import type { TraceOutput } from "./output.ts";
import { runInRounds } from "./rounds.ts";
import type { LineWriter } from "./writer.ts";

/** Events are written this often. */
const ROUND_MS = 20;

/** How a trace runs. */
export interface TracerOptions {
  readonly output: TraceOutput;
  readonly writer: LineWriter;
  readonly header: TraceHeader;
  readonly command: TracedCommand | null;
  /** End after so many ms; null for no limit. */
  readonly durationMs: number | null;
  /** End after so many events written; null for no limit. */
  readonly count: number | null;
  /** What to do about lost events. */
  readonly onLoss: "mark" | "exit";
  /** The status to exit with: from that of the command, if there was one, and whether a loss ended the run. */
  readonly exitStatus: (commandStatus: number | null, isLossForbidden: boolean) => number;
}

/** How a trace ended. */
export interface TraceResult {
  readonly summary: TraceSummary;
  /** The status to exit with. */
  readonly exit: number;
}

/** One run of a backend. */
export class Tracer {
  readonly #options: TracerOptions;
  readonly #end = new AbortController();
  readonly #collector: Collector;
  #signal: Deno.Signal | null = null;

  /** @param options How the trace runs. */
  constructor(options: TracerOptions) {
    this.#options = options;
    this.#collector = new Collector(options.count);
  }

  /** To be given to the backend. */
  readonly onEvent = (event: TraceEvent): void => this.#collector.add(event);

  /** To be given to the backend. */
  readonly onLost = (loss: TraceLoss): void => {
    this.#collector.addLoss(loss);
    if (this.#options.onLoss === "exit") this.#end.abort();
  };

  /**
   * Traces until an end is reached.
   *
   * @param backend What delivers the events; finished when this returns, not released.
   * @returns How it ended.
   */
  async run(backend: Backend): Promise<TraceResult> {
    const { output, writer, header, command, durationMs } = this.#options;
    const end = (): void => this.#end.abort();
    const listeners = this.#listen();
    writer.write(output.header(header));
    let status: number | null = null;
    let timer: ReturnType<typeof setTimeout> | undefined;
    try {
      backend.start();
      if (durationMs !== null) timer = setTimeout(end, durationMs);
      void command?.status.then((code) => {
        status = code;
        end();
      });
      command?.resume();
      await runInRounds(backend.pipe, {
        signal: this.#end.signal,
        roundMs: ROUND_MS,
        onRound: (until) => this.#writeOut(backend, until),
      });
    } finally {
      clearTimeout(timer);
      for (const remove of listeners) remove();
    }
    backend.stop();
    backend.pipe.consume();
    this.#writeOut(backend, null);
    const accounts = backend.finish();
    const summary = this.#collector.summary(backend.pipe.statistics(), accounts);
    if (command !== null) status ??= await this.#commandStatus(command);
    const isLossForbidden = this.#options.onLoss === "exit" && summary.lost + summary.missed > 0;
    const exit = this.#options.exitStatus(status, isLossForbidden);
    writer.write(output.summary(summary, exit));
    writer.flush();
    return { summary, exit };
  }

  /** Writes what is complete, in the order of time, and ends the run where nobody reads it any more. */
  #writeOut(backend: Backend, until: bigint | null): void {
    const { output, writer } = this.#options;
    backend.complete(until);
    let text = "";
    for (const item of this.#collector.take(until)) {
      text += "count" in item ? output.lost(item) : output.event(item);
    }
    if (text !== "") writer.write(text);
    if (!writer.flush() || writer.isReaderGone() || this.#collector.isFull) this.#end.abort();
  }

  #listen(): (() => void)[] {
    return (["SIGINT", "SIGTERM"] as const).map((name) => {
      const listener = (): void => {
        this.#signal ??= name;
        this.#end.abort();
      };
      Deno.addSignalListener(name, listener);
      return () => Deno.removeSignalListener(name, listener);
    });
  }

  /** The trace ended before its command: that gets the signal that came, or is asked to end as the limit was reached. */
  async #commandStatus(command: TracedCommand): Promise<number> {
    command.kill(this.#signal ?? "SIGTERM");
    return await command.status;
  }
}
