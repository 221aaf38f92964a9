/**
 * The backend without BPF: perf events of tracepoints, for machines that refuse BPF or lack libbpf. A command is followed
 * by the kernel; processes, names and the tracer itself are selected here, behind the ring, since the kernel cannot.
 *
 * @module
 */

import { TRACEPOINT_SAMPLE } from "../abi/perf_event.ts";
import { SYSCALL_RECORD } from "../abi/trace.ts";
import { monotonicNs } from "../ffi/clock.ts";
import { readSmallFile } from "../ffi/file.ts";
import { libc } from "../ffi/libc.ts";
import { EventPipe } from "../pipe/event_pipe.ts";
import type { Event } from "../pipe/event.ts";
import { onlineCpus } from "../source/cpus.ts";
import { bpfOutput, PerfEvent } from "../source/perf_event.ts";
import { TracepointSource } from "../source/tracepoints.ts";
import { EventPipeError } from "../errors.ts";
import type { Backend, BackendAccounts, BackendOptions } from "./backend.ts";
import { NO_RETURN } from "./call_targets.ts";
import { type Decoder, makeDecoder } from "./decode.ts";
import { copyOf } from "./event_copy.ts";
import { COMMON_BYTES } from "./format.ts";
import { duplicates, handOff } from "./hand_off.ts";
import type { TraceEvent } from "./model.ts";

/** What a tracepoint's id stands for. */
interface Kind {
  readonly event: string;
  readonly decode: Decoder;
  /** The beginning or the end of a call that is traced as a whole, by the call's name. */
  readonly call: { readonly name: string; readonly part: "enter" | "exit" } | null;
  /** Whether the tracepoint itself was asked for. */
  readonly isSelected: boolean;
}

/** The beginning or the end of a call. */
interface CallPart {
  readonly name: string;
  readonly part: "enter" | "exit";
  readonly event: TraceEvent;
  /** At the end: what it returned. */
  readonly ret: bigint | null;
}

const NO_STRINGS: readonly string[] = [];

/** A thread's name is read again where it is older than this. */
const COMM_AGE_NS = 50_000_000n;

/** Traces with perf events. */
export class PerfBackend implements Backend {
  readonly name = "perf";
  readonly pipe: EventPipe;
  readonly events: readonly string[];
  readonly #options: BackendOptions;
  readonly #source: TracepointSource;
  readonly #kinds: ReadonlyMap<number, Kind>;
  /** Not put together yet. A thread may change its CPU within a call: its parts come in the order of the rings. */
  #parts: CallPart[] = [];
  /** Calls under way by thread. */
  readonly #calls = new Map<number, TraceEvent>();
  readonly #comms = new Map<number, { readonly comm: string; readonly time: bigint }>();
  /** Duplicates of the closed events' files. */
  #kept: number[] | undefined;
  #isLetIn = false;

  private constructor(options: BackendOptions) {
    const { selection, cpus, command, ringBytes, watermarkBytes, onLost } = options;
    this.#options = options;
    this.events = [...selection.tracepoints, ...selection.calls, ...selection.enters, ...selection.exits];
    this.#kinds = kindsOf(options);
    this.#source = TracepointSource.open({
      ids: [...this.#kinds.keys()],
      ringBytes,
      watermarkBytes,
      ...(cpus === undefined ? {} : { cpus }),
      ...(command === null ? {} : { pid: command }),
    });
    this.pipe = EventPipe.open({
      source: this.#source,
      dispatchBy: "all",
      onLost: (cpu, count) => onLost({ time: BigInt(monotonicNs()), cpu, count }),
    });
    this.pipe.register({ name: "tracepoints", process: (event) => this.#process(event) });
    // The pipe lets events in when it is opened; those are from before the start.
    this.#source.stop();
    this.pipe.consume();
  }

  /**
   * Opens the events.
   *
   * @param options What is traced.
   * @returns The backend.
   * @throws {EventPipeError} If the kernel refuses, or other processes are to be traced beside a command.
   */
  static open(options: BackendOptions): PerfBackend {
    if (options.command !== null && options.pids.length > 0) {
      throw new EventPipeError(
        "Cannot trace a command and other processes without BPF: name the one or the others",
        "NOT_SUPPORTED",
      );
    }
    return new PerfBackend(options);
  }

  /**
   * Looks whether this process may open events of all processes.
   *
   * @throws {EventPipeError} If the kernel does not permit it; the message names what is missing.
   */
  static checkPermission(): void {
    PerfEvent.open(onlineCpus()[0]!, bpfOutput({ events: 1 }))?.close();
  }

  start(): void {
    this.#isLetIn = true;
    this.#source.start();
  }

  stop(): void {
    this.#source.stop();
  }

  complete(until: bigint | null): void {
    const parts = this.#parts.sort((a, b) =>
      a.event.time < b.event.time ? -1 : a.event.time > b.event.time ? 1 : 0
    );
    this.#parts = [];
    for (const each of parts) {
      if (until !== null && each.event.time > until) this.#parts.push(each);
      else if (each.part === "enter") this.#beginCall(each.name, each.event);
      else this.#endCall(each.name, each.event, each.ret);
    }
  }

  finish(): BackendAccounts {
    // The pipe closes the events, some 36 ms each, unless a duplicate keeps them.
    this.#kept ??= duplicates(this.#source.fds);
    this.pipe.close();
    return { missed: 0, unfinished: this.#calls.size, exact: this.pipe.statistics().exact };
  }

  release(): void {
    this.pipe.close();
    if (this.#kept !== undefined) handOff(this.#kept);
  }

  [Symbol.dispose](): void {
    this.pipe.close();
    for (const fd of this.#kept ?? []) libc().close(fd);
    this.#kept = [];
  }

  #process(event: Event): void {
    if (!this.#isLetIn || event.size < TRACEPOINT_SAMPLE.raw + COMMON_BYTES) return;
    const pid = event.u32(TRACEPOINT_SAMPLE.pid);
    const tid = event.u32(TRACEPOINT_SAMPLE.tid);
    const time = event.bigU64(TRACEPOINT_SAMPLE.time);
    if (!this.#isWanted(pid, tid, time)) return;
    const kind = this.#kinds.get(event.u16(TRACEPOINT_SAMPLE.raw)); // u16 common_type
    if (kind === undefined) return;
    const view = copyOf(event);
    const start = TRACEPOINT_SAMPLE.raw + COMMON_BYTES;
    const rawBytes = Math.min(
      view.getUint32(TRACEPOINT_SAMPLE.rawSize, true),
      view.byteLength - TRACEPOINT_SAMPLE.raw,
    );
    const decoded: TraceEvent = {
      time,
      cpu: view.getUint32(TRACEPOINT_SAMPLE.cpu, true),
      pid,
      tid,
      comm: this.#commOf(tid, time),
      event: kind.event,
      ...kind.decode(view, start, rawBytes - COMMON_BYTES, NO_STRINGS),
    };
    if (kind.isSelected) this.#options.onEvent(decoded);
    if (kind.call === null) return;
    const end = start + SYSCALL_RECORD.exitRet;
    const ret = end + 8 <= view.byteLength ? view.getBigInt64(end, true) : null;
    this.#parts.push({ ...kind.call, event: decoded, ret });
  }

  #beginCall(name: string, enter: TraceEvent): void {
    const begun = { ...enter, event: name };
    if (NO_RETURN.has(name)) this.#options.onEvent({ ...begun, call: { ret: null, durationNs: null } });
    else this.#calls.set(enter.tid, begun);
  }

  #endCall(name: string, exit: TraceEvent, ret: bigint | null): void {
    const enter = this.#calls.get(exit.tid);
    if (enter === undefined || enter.event !== name) return; // it began before we did
    this.#calls.delete(exit.tid);
    this.#options.onEvent({
      ...enter,
      time: exit.time,
      cpu: exit.cpu,
      call: { ret, durationNs: exit.time - enter.time },
    });
  }

  #isWanted(pid: number, tid: number, time: bigint): boolean {
    const { includeSelf, pids, comms } = this.#options;
    if (!includeSelf && pid === Deno.pid) return false;
    if (pids.length > 0 && !pids.includes(pid)) return false;
    return comms.length === 0 || comms.includes(this.#commOf(tid, time));
  }

  /** The sample does not tell the name. It is read while the thread lives, and again later, as threads change it. */
  #commOf(tid: number, time: bigint): string {
    if (tid === 0) return "swapper";
    const known = this.#comms.get(tid);
    if (known !== undefined && time - known.time < COMM_AGE_NS) return known.comm;
    let comm = known?.comm ?? "";
    try {
      comm = readSmallFile(`/proc/${tid}/comm`).trimEnd();
    } catch {
      // the thread has ended
    }
    this.#comms.set(tid, { comm, time });
    return comm;
  }
}

function kindsOf({ catalog, selection }: BackendOptions): Map<number, Kind> {
  const kinds = new Map<number, Kind>();
  for (const event of [...selection.tracepoints, ...selection.enters, ...selection.exits]) {
    kinds.set(catalog.id(event), {
      event,
      decode: makeDecoder(catalog.format(event)),
      call: null,
      isSelected: true,
    });
  }
  for (const name of selection.calls) {
    const events = catalog.syscallEvents(name)!;
    for (const part of ["enter", "exit"] as const) {
      const event = events[part];
      const id = catalog.id(event);
      const decode = kinds.get(id)?.decode ?? makeDecoder(catalog.format(event));
      kinds.set(id, { event, decode, call: { name, part }, isSelected: kinds.has(id) });
    }
  }
  return kinds;
}
