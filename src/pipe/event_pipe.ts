/**
 * The pipe: handlers on one side, the rings of a source on the other, and between them the poll loop. It waits for rings,
 * drains them and closes everything in order.
 *
 * @module
 */

import { closedError, wrongArgument } from "../errors.ts";
import { RecordBatch } from "../ring/record_batch.ts";
import type { Source } from "../source/source.ts";
import { defaultWaiter, openWaiter } from "../wait/open.ts";
import type { StopToken } from "../wait/stop_token.ts";
import { rest, restAsync } from "../wait/rest.ts";
import { checkTimeout, type Waiter } from "../wait/waiter.ts";
import { Dispatcher } from "./dispatcher.ts";
import { type Drain, RingDrain } from "./drain.ts";
import type { Event } from "./event.ts";
import type { BatchHandler, EventHandler } from "./handlers.ts";
import { MergedDrain } from "./merge.ts";
import {
  checkOptions,
  checkRunOptions,
  checkSource,
  type EventPipeOptions,
  type RunOptions,
} from "./options.ts";
import { RingReader } from "./ring_reader.ts";
import { type Statistics, totalStatistics } from "./statistics.ts";

/** How often `run` looks into rings below their wake-up threshold. */
const RUN_FLUSH_MS = 100;

/** While events are held back nobody can wake the pipe, so it looks this often for what ends its wait. */
const LONGEST_REST_MS = 20;

/** The sources that pipes have taken over: the rings of a source have one reader. */
const owned = new WeakSet<Source>();

/** Carries events from a source to handlers. Belongs to one isolate. */
export class EventPipe implements Disposable {
  readonly #source: Source;
  readonly #waiter: Waiter;
  readonly #stop: StopToken | undefined;
  readonly #reader: RingReader;
  readonly #dispatcher: Dispatcher;
  readonly #drains: Drain;
  readonly #warn: (message: string) => void;
  /** Filled by the waiter. */
  readonly #ready: Int32Array;
  #draining = false;
  #running = false;
  #closed: Statistics | undefined;

  private constructor(options: EventPipeOptions, reader: RingReader, waiter: Waiter) {
    const { source, dispatchBy, unknown = "count", commit = "batch", merge, stop, checkViews = false } =
      options;
    const view = new DataView(source.buffer);
    this.#source = source;
    this.#waiter = waiter;
    this.#stop = stop;
    this.#reader = reader;
    this.#dispatcher = new Dispatcher(view, { isForAll: dispatchBy === "all", unknown, checkViews });
    this.#drains = merge === undefined
      ? new RingDrain(reader, this.#dispatcher, commit)
      : new MergedDrain(reader, this.#dispatcher, view, merge);
    this.#warn = options.onWarning ?? ((message) => console.warn(message));
    this.#ready = new Int32Array(source.cpus.length);
  }

  /**
   * Opens a pipe over a source and lets events in: `initialize_event_pipe`.
   *
   * @param options The source and how to read it.
   * @returns The pipe; close it, or declare it with `using`.
   * @throws {TypeError} If an option does not fit.
   * @throws {EventPipeError} If the kernel refuses.
   *
   * @example Events of a BPF program
   * ```ts ignore
   * import { BpfObject, EventPipe, PerfSource } from "@eventpipe/eventpipe";
   *
   * using object = BpfObject.open("exec.bpf.o");
   * object.load();
   * using pipe = EventPipe.open({ source: PerfSource.open({ map: object.map("events") }) });
   * pipe.register({ name: "exec", process: (event) => console.log(event.u32(12), event.string(20, 16)) });
   * using _link = object.program("on_exec").attach();
   * const end = new AbortController();
   * Deno.addSignalListener("SIGINT", () => end.abort());
   * await pipe.run({ signal: end.signal });
   * ```
   */
  static open(options: EventPipeOptions): EventPipe {
    checkSource(options);
    const { source, stop } = options;
    if (owned.has(source)) throw new TypeError("Cannot open the pipe: its source belongs to another pipe");
    owned.add(source);
    using cleanup = new DisposableStack();
    cleanup.defer(() => source.close());
    checkOptions(options);
    const reader = new RingReader(source, options);
    const waiter = openWaiter(options.waiter ?? defaultWaiter(source.readiness), source.readiness, {
      hasUnread: (ring) => reader.scanner.begin(ring),
      token: stop,
    });
    cleanup.defer(() => waiter.close());
    source.cpus.forEach((_, ring) => waiter.add(ringFd(source, ring), ring));
    const pipe = new EventPipe(options, reader, waiter);
    source.start();
    cleanup.move();
    return pipe;
  }

  /**
   * Registers the handler of the next category: `register_event_handler`.
   *
   * @param handler Its name, its function and what to pass to it.
   * @returns The category: 0 for the first handler, then 1, 2, ... Give it to the BPF program.
   * @throws {TypeError} If it is not a handler.
   */
  register<Context = undefined>(handler: EventHandler<Context> | BatchHandler<Context>): number {
    this.#checkOpen("register a handler");
    const category = this.#dispatcher.register(handler as EventHandler<unknown> | BatchHandler<unknown>);
    const { name, maxBytes = handler.layout?.size ?? 0 } = handler;
    const { maxPayloadBytes } = this.#source;
    if (maxBytes > maxPayloadBytes) {
      this.#warn(
        `Events of "${name}" have up to ${maxBytes} bytes, but these rings can never take more than ${maxPayloadBytes}: longer ones are lost however empty the ring is`,
      );
    }
    return category;
  }

  /**
   * Takes a handler off. Its category is not given out again; its events count as unknown from now on.
   *
   * @param category What `register` returned.
   * @returns Whether a handler was registered for it.
   * @throws {TypeError} If it is no number.
   */
  unregister(category: number): boolean {
    this.#checkOpen("unregister a handler");
    if (typeof category !== "number") {
      throw wrongArgument("unregister a handler", "category", "a number that register returned", category);
    }
    return this.#dispatcher.unregister(category);
  }

  /**
   * Gives one event to the handler of its category: `dispatch_event`.
   *
   * @param event An event, such as a kept copy, or bytes that begin with a category.
   * @returns What the handler returned; undefined where the category is unknown and unknown events are counted.
   * @throws {EventPipeError} `UNKNOWN_CATEGORY`, if the pipe was opened to throw then.
   */
  dispatch(event: Event | Uint8Array): number | void {
    this.#checkOpen("dispatch an event");
    return this.#dispatcher.dispatch(event);
  }

  /**
   * Waits for events and dispatches them. Then all rings are drained up to their heads, whether or not they woke us, so that
   * events below the wake-up threshold are no older than the wait.
   *
   * @param timeoutMs The longest wait in milliseconds, rounded up; 0 does not wait, -1 waits without end.
   * @returns 0, or the non-zero number with which a handler ended the drain. A signal ends the wait too, and so does the
   * stop token.
   * @throws Whatever a handler throws. The event counts as dispatched; the next call begins behind it.
   */
  poll(timeoutMs: number): number {
    const timeout = checkTimeout(timeoutMs);
    this.#checkIdle("poll");
    const limit = shorter(timeout, this.#drains.waitMs);
    if (!this.#isHolding()) return this.#drain(this.#waiter.wait(limit, this.#ready), false);
    rest(Math.min(limit, LONGEST_REST_MS));
    return this.#drain(0, false);
  }

  /**
   * Dispatches what is in the rings, without waiting and whether or not they woke us; with `merge`, what is held back too.
   *
   * @param ring The index of one ring, as in `statistics().cpus`; all of them unless given.
   * @returns 0, or the non-zero number with which a handler ended the drain.
   * @throws Whatever a handler throws, as in `poll`.
   */
  consume(ring?: number): number {
    this.#checkIdle("consume");
    if (ring === undefined) return this.#drain(0, true);
    if (!Number.isInteger(ring) || ring < 0 || ring >= this.#ready.length) {
      throw new RangeError(
        `Cannot consume: there is no ring ${ring}, this pipe has ${this.#ready.length}, counted from 0`,
      );
    }
    this.#draining = true;
    try {
      return this.#drains.drainRing(ring);
    } catch (error) {
      throw this.#explain(error);
    } finally {
      this.#endDrain();
    }
  }

  /**
   * Dispatches events as they come, without ever blocking the event loop.
   *
   * @param options When to end, how often to look, and whom to tell.
   * @returns A promise of 0, or of the non-zero number with which a handler ended the run.
   * @throws Whatever a handler throws, as in `poll`.
   */
  async run(options: RunOptions = {}): Promise<number> {
    checkRunOptions(options);
    const { signal, flushMs = RUN_FLUSH_MS, onWoken, onDrained } = options;
    const flush = checkTimeout(flushMs);
    this.#checkIdle("run");
    this.#running = true;
    const wake = (): void => this.#waiter.wake();
    signal?.addEventListener("abort", wake);
    try {
      for (;;) {
        const ended = signal?.aborted === true || this.#stop?.isStopped === true;
        const timeout = ended ? 0 : shorter(flush, this.#drains.waitMs);
        let count = 0;
        if (!ended && this.#isHolding()) await restAsync(Math.min(timeout, LONGEST_REST_MS));
        else count = await this.#waiter.waitAsync(timeout, this.#ready);
        if (this.#dispatcher.isClosing) return 0;
        onWoken?.();
        const result = this.#drain(ended ? 0 : count, ended);
        onDrained?.();
        if (result !== 0 || ended || this.#dispatcher.isClosing) return result;
      }
    } finally {
      signal?.removeEventListener("abort", wake);
      this.#running = false;
      if (this.#dispatcher.isClosing) this.#tearDown();
    }
  }

  /** Ends the wait of `run` that is under way, so that it looks into the rings now; else that of the next `poll` or `run`. */
  interrupt(): void {
    this.#checkOpen("interrupt the wait");
    this.#waiter.wake();
  }

  /**
   * Lets no events in until `resume`: outputs are refused and counted as lost. What is in the rings can be read. Does nothing
   * if it is paused.
   *
   * @throws {TypeError} If the source cannot be paused.
   */
  pause(): void {
    this.#checkOpen("pause");
    this.#source.pause();
  }

  /** Lets events in again. Does nothing if it is not paused. */
  resume(): void {
    this.#checkOpen("resume");
    if (this.#draining && this.#source.overwritable) {
      throw new TypeError("Cannot resume: a handler is being called, and its event would be overwritten");
    }
    this.#source.resume();
  }

  /**
   * What was counted so far; after `close`, what was counted in all.
   *
   * @returns A snapshot.
   */
  statistics(): Statistics {
    return this.#closed ?? this.#snapshot();
  }

  /**
   * Closes the pipe and its source: no event enters any more, those left in the rings are counted, and memory and files
   * are released. Inside a handler, the drain ends behind its event and the pipe closes then; during `run`, the run
   * ends first. Safe to call again.
   */
  close(): void {
    if (this.#dispatcher.isClosing) return;
    this.#dispatcher.close();
    if (this.#running) this.#waiter.wake();
    else if (!this.#draining) this.#tearDown();
  }

  /** Closes the pipe, for `using`. */
  [Symbol.dispose](): void {
    this.close();
  }

  #checkOpen(action: string): void {
    if (this.#dispatcher.isClosing) throw closedError(action, "the pipe");
  }

  #checkIdle(action: string): void {
    this.#checkOpen(action);
    if (this.#isSourceClosed) throw closedError(action, "the source of the pipe");
    if (this.#draining) throw new TypeError(`Cannot ${action}: a handler of this pipe is being called`);
    if (this.#running) throw new TypeError(`Cannot ${action}: the pipe is running`);
    // Else it would wait first, and the scanner refuse only then.
    if (this.#source.overwritable) this.#reader.scanner.begin(0);
  }

  /** Drains after the waiter has reported so many rings. */
  #drain(count: number, isFinal: boolean): number {
    for (let i = 0; i < count; i++) this.#reader.counters[this.#ready[i]!]!.wakeups++;
    this.#draining = true;
    try {
      return this.#drains.drain(isFinal);
    } catch (error) {
      throw this.#explain(error);
    } finally {
      this.#endDrain();
    }
  }

  /** Where a handler has closed the source, what is thrown tells of a detached buffer only. */
  #explain(error: unknown): unknown {
    return this.#isSourceClosed ? closedError("go on reading", "the source of the pipe") : error;
  }

  #endDrain(): void {
    this.#draining = false;
    if (this.#dispatcher.isClosing && !this.#running) this.#tearDown();
  }

  /** Whether events are held back in rings whose files stay readable meanwhile: waiting on those would not wait. */
  #isHolding(): boolean {
    const { waitMs } = this.#drains;
    return this.#source.ring === "ringbuf" && waitMs > 0 && waitMs < Infinity;
  }

  /** Whether somebody else closed the source: its rings are gone, and so is what was in them. */
  get #isSourceClosed(): boolean {
    return this.#source.buffer.byteLength === 0;
  }

  #snapshot(): Statistics {
    this.#dispatcher.settle();
    const countsLosses = this.#source.countsLosses && !this.#isSourceClosed;
    const cpus = this.#source.cpus.map((cpu, ring) => ({
      cpu,
      ...this.#reader.counters[ring]!,
      overwrittenBytes: this.#source.overwrittenBytes?.(ring) ?? 0,
      lost: countsLosses ? this.#source.lost(ring) : this.#reader.reportedLosses[ring]!,
    }));
    const categories = this.#dispatcher.registrations.map(({ name, events, bytes, errors }, category) => ({
      category,
      name,
      events,
      bytes,
      errors,
    }));
    return totalStatistics(cpus, categories, countsLosses);
  }

  #tearDown(): void {
    if (this.#closed !== undefined) return;
    try {
      if (!this.#isSourceClosed) {
        this.#source.stop();
        this.#reader.countLeft(new RecordBatch());
      }
      this.#closed = this.#snapshot();
    } finally {
      this.#waiter.close();
      this.#source.close();
    }
  }
}

/** The shorter of two waits; -1 and Infinity have no end. */
function shorter(timeout: number, waitMs: number): number {
  if (waitMs === Infinity) return timeout;
  const limit = checkTimeout(waitMs);
  return timeout < 0 ? limit : Math.min(timeout, limit);
}

function ringFd(source: Source, ring: number): number {
  return source.readiness.kind === "fds" ? source.readiness.fds[ring]! : -1;
}
