/**
 * The pipe: handlers on one side, the rings of a source on the other, and between them the poll loop and the dispatch
 * loop, the only hot path. It calls the waiter for rings, the scanner for batches, and handlers for events.
 *
 * @module
 */

import { closedError, EventPipeError } from "../errors.ts";
import { type DispatchBy, RecordBatch, type Scanner } from "../ring/scanner.ts";
import type { Source } from "../source/source.ts";
import { defaultWaiter, openWaiter, type WaiterName } from "../wait/open.ts";
import { checkTimeout, type Waiter } from "../wait/waiter.ts";
import { type Event, EventView } from "./event.ts";
import { type EventHandler, HandlerRegistry, Registration } from "./handlers.ts";
import { RingCounters, type Statistics, totalStatistics } from "./statistics.ts";
import type { RingTap } from "./tap.ts";

/** How {@linkcode EventPipe.run} runs. */
export interface RunOptions {
  /** Ends the run; what is in the rings then is dispatched before it ends. */
  readonly signal?: AbortSignal;
  /** While no ring wakes it, `run` looks into all rings this often, in ms; 100 unless given. */
  readonly flushMs?: number;
  /** Called after each wait, in front of the drain: all events from before this moment are in the rings it reads. */
  readonly onWoken?: () => void;
  /** Called after each drain that no handler ended by throwing: a place to write out what handlers collected. */
  readonly onDrained?: () => void;
}

/** How often `run` looks into rings below their wake-up threshold. */
const RUN_FLUSH_MS = 100;

/** The sources that pipes have taken over: the rings of a source have one reader. */
const owned = new WeakSet<Source>();

/** How an {@linkcode EventPipe} is opened. */
export interface EventPipeOptions {
  /** Where events come from. The pipe owns the source and closes it, also when opening fails. */
  readonly source: Source;
  /** How to wait: `epoll` or `poll` on kernel rings, `atomics` on memory rings; the first that fits unless given. */
  readonly waiter?: WaiterName;
  /**
   * `category`, unless given: each event goes to the handler of the category it begins with. `all`: each record goes to
   * the handler registered first, for programs that know no categories; its payload begins at offset 0.
   */
  readonly dispatchBy?: DispatchBy;
  /** Events of categories without a handler: `count` them, unless given, `throw`, or give them to a handler. */
  readonly unknown?: "count" | "throw" | EventHandler<undefined>;
  /** Give each event a view of its own that throws in any later call; false unless given. Allocates per event. */
  readonly checkViews?: boolean;
  /** Called when the kernel reports losses, in front of the next event of that CPU. `statistics` counts all losses. */
  readonly onLost?: (cpu: number, count: number) => void;
  /** Sees the raw bytes of the rings, to record them. */
  readonly tap?: RingTap;
}

/** Carries events from a source to handlers. Belongs to one isolate. */
export class EventPipe implements Disposable {
  readonly #source: Source;
  readonly #waiter: Waiter;
  readonly #scanner: Scanner;
  readonly #options: EventPipeOptions;
  readonly #handlers = new HandlerRegistry();
  readonly #unknownHandler: Registration | undefined;
  readonly #batch = new RecordBatch();
  readonly #dataView: DataView;
  readonly #event: EventView;
  readonly #counters: readonly RingCounters[];
  /** Filled by the waiter. */
  readonly #ready: Int32Array;
  /** What the tap is shown. */
  #tapped = new Uint8Array(0);
  /** Whether the last drain ended early: its rings' wake-ups are used up, so the next one must not wait for them. */
  #isPending = false;
  /** The ring the next drain begins with. */
  #first = 0;
  #draining = false;
  #running = false;
  #closing = false;
  #closed: Statistics | undefined;

  private constructor(options: EventPipeOptions, waiter: Waiter) {
    const { source, unknown } = options;
    this.#options = options;
    this.#source = source;
    this.#waiter = waiter;
    this.#scanner = source.openScanner(options.dispatchBy);
    this.#unknownHandler = typeof unknown === "object"
      ? new Registration(unknown as EventHandler<unknown>)
      : undefined;
    this.#dataView = new DataView(source.buffer);
    this.#event = new EventView(this.#dataView);
    this.#counters = source.cpus.map(() => new RingCounters());
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
    const { source } = options;
    if (owned.has(source)) throw new TypeError("Cannot open the pipe: its source belongs to another pipe");
    owned.add(source);
    using cleanup = new DisposableStack();
    cleanup.defer(() => source.close());
    checkOptions(options);
    const waiter = openWaiter(options.waiter ?? defaultWaiter(source.readiness), source.readiness);
    cleanup.defer(() => waiter.close());
    source.cpus.forEach((_, ring) => waiter.add(ringFd(source, ring), ring));
    const pipe = new EventPipe(options, waiter);
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
  register<Context = undefined>(handler: EventHandler<Context>): number {
    this.#checkOpen("register a handler");
    return this.#handlers.add(handler as EventHandler<unknown>);
  }

  /**
   * Takes a handler off. Its category is not given out again; its events count as unknown from now on.
   *
   * @param category What `register` returned.
   * @returns Whether a handler was registered for it.
   */
  unregister(category: number): boolean {
    this.#checkOpen("unregister a handler");
    return this.#handlers.remove(category);
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
    const view = event instanceof Uint8Array ? EventView.over(event, -1) : event;
    if (!(view instanceof EventView)) {
      throw new TypeError("Cannot dispatch: give an event, or a Uint8Array that begins with a category");
    }
    const registration = this.#options.dispatchBy === "all"
      ? this.#handlers.find(0)
      : this.#handlers.find(view.category);
    if (registration !== undefined) return call(registration, view, view.size);
    return this.#dispatchUnknown(view);
  }

  /**
   * Waits for events and dispatches them. Then all rings are drained up to their heads, whether or not they woke us, so that
   * events below the wake-up threshold are no older than the wait.
   *
   * @param timeoutMs The longest wait in milliseconds, rounded up; 0 does not wait, -1 waits without end.
   * @returns 0, or the non-zero number with which a handler ended the drain. A signal ends the wait too.
   * @throws Whatever a handler throws. The event counts as dispatched; the next call begins behind it.
   */
  poll(timeoutMs: number): number {
    const timeout = checkTimeout(timeoutMs);
    this.#checkIdle("poll");
    return this.#drain(this.#waiter.wait(this.#isPending ? 0 : timeout, this.#ready));
  }

  /**
   * Dispatches what is in the rings, without waiting and whether or not they woke us.
   *
   * @returns 0, or the non-zero number with which a handler ended the drain.
   * @throws Whatever a handler throws, as in `poll`.
   */
  consume(): number {
    this.#checkIdle("consume");
    return this.#drain(0);
  }

  /**
   * Dispatches events as they come, without ever blocking the event loop.
   *
   * @param options When to end, how often to look, and whom to tell.
   * @returns A promise of 0, or of the non-zero number with which a handler ended the run.
   * @throws Whatever a handler throws, as in `poll`.
   */
  async run(options: RunOptions = {}): Promise<number> {
    const { signal, flushMs = RUN_FLUSH_MS, onWoken, onDrained } = options;
    const flush = checkTimeout(flushMs);
    if (flush < 1) throw new RangeError(`Cannot run: flushMs must be above 0, current value is ${flushMs}`);
    if (signal !== undefined && !(signal instanceof AbortSignal)) {
      throw new TypeError("Cannot run: signal must be an AbortSignal");
    }
    this.#checkIdle("run");
    this.#running = true;
    const wake = (): void => this.#waiter.wake();
    signal?.addEventListener("abort", wake);
    try {
      for (;;) {
        const ended = signal?.aborted === true;
        const timeout = ended || this.#isPending ? 0 : flush;
        const count = await this.#waiter.waitAsync(timeout, this.#ready);
        if (this.#closing) return 0;
        onWoken?.();
        const result = this.#drain(ended ? 0 : count);
        onDrained?.();
        if (result !== 0 || ended || this.#closing) return result;
      }
    } finally {
      signal?.removeEventListener("abort", wake);
      this.#running = false;
      if (this.#closing) this.#tearDown();
    }
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
    if (this.#closing) return;
    this.#closing = true;
    if (this.#running) this.#waiter.wake();
    else if (!this.#draining) this.#tearDown();
  }

  /** Closes the pipe, for `using`. */
  [Symbol.dispose](): void {
    this.close();
  }

  #checkOpen(action: string): void {
    if (this.#closing) throw closedError(action, "the pipe");
  }

  #checkIdle(action: string): void {
    this.#checkOpen(action);
    if (this.#draining) throw new TypeError(`Cannot ${action}: a handler of this pipe is being called`);
    if (this.#running) throw new TypeError(`Cannot ${action}: the pipe is running`);
  }

  /** Drains after the waiter has reported so many rings. */
  #drain(count: number): number {
    for (let i = 0; i < count; i++) this.#counters[this.#ready[i]!]!.wakeups++;
    this.#isPending = true;
    this.#draining = true;
    try {
      return this.#drainRings();
    } finally {
      this.#draining = false;
      if (this.#closing && !this.#running) this.#tearDown();
    }
  }

  /**
   * Drains all rings, those that did not wake us too: a wake-up is dear, and a ring below its threshold has none. After a
   * drain that ends early the next one begins behind that ring, so that a busy ring does not starve the others.
   */
  #drainRings(): number {
    const rings = this.#counters.length;
    const first = this.#first;
    for (let i = 0; i < rings; i++) {
      const ring = first < rings - i ? first + i : first + i - rings;
      this.#first = ring + 1 < rings ? ring + 1 : 0;
      const result = this.#drainRing(ring);
      if (result !== 0 || this.#closing) return result;
    }
    this.#first = 0;
    this.#isPending = false;
    return 0;
  }

  #drainRing(ring: number): number {
    if (!this.#scanner.begin(ring)) return 0;
    const counters = this.#counters[ring]!;
    const batch = this.#batch;
    while (this.#scanner.scan(ring, batch)) {
      counters.corrupt += batch.corrupt;
      counters.corruptBytes += batch.corruptBytes;
      counters.skipped += batch.skipped;
      if (this.#options.tap !== undefined) this.#showTap(this.#options.tap, ring);
      if (batch.lost > 0) this.#options.onLost?.(this.#source.cpus[ring]!, batch.lost);
      const result = this.#dispatchBatch(ring, counters);
      if (result !== 0 || this.#closing) return result;
      this.#scanner.commit(ring);
    }
    return 0;
  }

  #showTap(tap: RingTap, ring: number): void {
    const range = this.#scanner.scanned(ring);
    if (this.#tapped.length < range.bytes) this.#tapped = new Uint8Array(range.bytes);
    const bytes = this.#tapped.subarray(0, range.bytes);
    this.#scanner.copyScanned(ring, bytes);
    tap.onScanned(ring, range, bytes);
  }

  /** The dispatch loop. Counts, commits and leaves the ring in order whatever a handler does. */
  #dispatchBatch(ring: number, counters: RingCounters): number {
    const batch = this.#batch;
    const { offsets, sizes, categories, count } = batch;
    const cpu = this.#source.cpus[ring]!;
    const all = this.#options.dispatchBy === "all";
    const fresh = this.#options.checkViews === true;
    let event = this.#event;
    let index = 0;
    try {
      for (; index < count; index++) {
        const size = sizes[index]!;
        const registration = this.#handlers.find(all ? 0 : categories[index]!);
        if (fresh) event = new EventView(this.#dataView);
        event.point(offsets[index]!, size, cpu);
        let result: number | void;
        if (registration !== undefined) {
          counters.events++;
          counters.bytes += size;
          result = call(registration, event, size);
        } else {
          counters.unknown++;
          result = this.#dispatchUnknown(event);
        }
        if (fresh) event.release();
        if (typeof result === "number" && result !== 0) return result;
        if (this.#closing) return 0;
      }
      return 0;
    } finally {
      event.release();
      if (index < count) this.#scanner.commitThrough(ring, batch, index);
    }
  }

  #dispatchUnknown(event: Event): number | void {
    if (this.#unknownHandler !== undefined) return call(this.#unknownHandler, event, event.size);
    if (this.#options.unknown === "throw") {
      const reason = event.size < 4
        ? "it is too short for a category"
        : `category ${event.category} has no handler; ${this.#handlers.all.length} were registered`;
      throw new EventPipeError(
        `Cannot dispatch an event of CPU ${event.cpu}: ${reason}`,
        "UNKNOWN_CATEGORY",
      );
    }
  }

  #snapshot(): Statistics {
    const cpus = this.#source.cpus.map((cpu, ring) => ({
      cpu,
      ...this.#counters[ring]!,
      lost: this.#source.lost(ring),
    }));
    const categories = this.#handlers.all.map(({ handler, events, bytes, errors }, category) => ({
      category,
      name: handler.name,
      events,
      bytes,
      errors,
    }));
    return totalStatistics(cpus, categories);
  }

  #tearDown(): void {
    if (this.#closed !== undefined) return;
    try {
      this.#source.stop();
      this.#countLeft();
      this.#closed = this.#snapshot();
    } finally {
      this.#waiter.close();
      this.#source.close();
    }
  }

  #countLeft(): void {
    this.#counters.forEach((counters, ring) => {
      this.#scanner.begin(ring);
      while (this.#scanner.scan(ring, this.#batch)) {
        counters.left += this.#batch.count;
        counters.corrupt += this.#batch.corrupt;
        counters.corruptBytes += this.#batch.corruptBytes;
        counters.skipped += this.#batch.skipped;
      }
    });
  }
}

/** Calls a handler and counts the call. */
function call(registration: Registration, event: Event, size: number): number | void {
  registration.events++;
  registration.bytes += size;
  let returned = false;
  try {
    const result: unknown = registration.process.call(registration.handler, event, registration.context);
    returned = true;
    if (typeof result === "object" && result !== null) throw notSynchronous(registration);
    return result as number | void;
  } finally {
    if (!returned) registration.errors++;
  }
}

function notSynchronous(registration: Registration): TypeError {
  registration.errors++;
  return new TypeError(
    `Cannot dispatch to "${registration.handler.name}": process returned an object; it must be synchronous and return a number or nothing`,
  );
}

function ringFd(source: Source, ring: number): number {
  return source.readiness.kind === "fds" ? source.readiness.fds[ring]! : -1;
}

function checkSource(options: EventPipeOptions): void {
  if (typeof options?.source?.openScanner !== "function") {
    throw new TypeError("Cannot open the pipe: source must be a source of events, such as a MemorySource");
  }
}

function checkOptions({ dispatchBy, unknown, checkViews, onLost }: EventPipeOptions): void {
  if (dispatchBy !== undefined && dispatchBy !== "category" && dispatchBy !== "all") {
    throw new TypeError(
      `Cannot open the pipe: dispatchBy must be "category" or "all", current value is ${dispatchBy}`,
    );
  }
  const knownUnknown = unknown === undefined || unknown === "count" || unknown === "throw" ||
    (typeof unknown === "object" && unknown !== null && typeof unknown.process === "function");
  if (!knownUnknown) {
    throw new TypeError(
      `Cannot open the pipe: unknown must be "count", "throw" or a handler, current value is ${unknown}`,
    );
  }
  if (checkViews !== undefined && typeof checkViews !== "boolean") {
    throw new TypeError(
      `Cannot open the pipe: checkViews must be true or false, current value is ${checkViews}`,
    );
  }
  if (onLost !== undefined && typeof onLost !== "function") {
    throw new TypeError("Cannot open the pipe: onLost must be a function");
  }
}
