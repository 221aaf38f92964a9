/**
 * The backend with BPF: bpf/tracepoint.bpf.c forwards tracepoints and system calls, selects in the kernel, and gives each
 * kind of event its category. Facts about the programs stand there.
 *
 * @module
 */

import { TRACE, TRACE_COUNTERS, TRACE_TARGET } from "../abi/trace.ts";
import { errnoNumber } from "../abi/errno.ts";
import { BpfObject } from "../object/bpf_object.ts";
import type { BpfLink } from "../object/bpf_program.ts";
import { EventPipe } from "../pipe/event_pipe.ts";
import { monotonicNs } from "../ffi/clock.ts";
import { possibleCpus } from "../source/cpus.ts";
import { PerfSource } from "../source/perf.ts";
import type { Backend, BackendAccounts, BackendOptions } from "./backend.ts";
import { dataLocations, type EventFormat } from "./format.ts";
import { processForwarded, type TargetKind, tracepointKind } from "./forwarded.ts";
import { handOff } from "./hand_off.ts";
import { type CallTargets, callTargets, encodeCallTarget, registerOffsets } from "./call_targets.ts";

/** System calls under way at once, of all threads of the machine. A kernel has at most pid_max threads; most sleep. */
const MAX_PAIRS = 16384;
const ENOSPC = errnoNumber("ENOSPC");
const SLOTS = 3;

/** Traces with BPF. */
export class Forwarder implements Backend {
  readonly name = "bpf";
  readonly pipe: EventPipe;
  readonly events: readonly string[];
  readonly #options: BackendOptions;
  readonly #source: PerfSource;
  readonly #object: BpfObject;
  readonly #calls: CallTargets;
  readonly #tracepoints: readonly EventFormat[];
  /** Links of raw tracepoints are quick to close, those of tracepoints are handed off. */
  readonly #quickLinks: BpfLink[] = [];
  readonly #slowLinks: BpfLink[] = [];
  /** Runs that were skipped up to the stop; those after it are no loss. */
  #skippedAtStop: number | undefined;

  private constructor(options: BackendOptions, source: PerfSource, object: BpfObject) {
    const { selection, catalog } = options;
    this.#options = options;
    this.#source = source;
    this.#object = object;
    this.#tracepoints = selection.tracepoints.map((name) => catalog.format(name));
    this.#calls = callTargets(catalog, selection);
    this.events = [...selection.tracepoints, ...this.#calls.kinds.map(({ event }) => event)];
    this.#prepare();
    const { onLost } = options;
    this.pipe = EventPipe.open({
      source,
      onLost: (cpu, count) => onLost({ time: BigInt(monotonicNs()), cpu, count }),
    });
    try {
      this.#registerAll();
    } catch (error) {
      this.pipe.close();
      throw error;
    }
  }

  /**
   * Opens the rings, so that a missing privilege shows before anything else is looked at.
   *
   * @param options The rings and the CPUs.
   * @returns The source, to be given to {@linkcode Forwarder.open}.
   * @throws {EventPipeError} If the kernel refuses.
   */
  static openSource(
    { ringBytes, watermarkBytes, cpus }: Pick<BackendOptions, "ringBytes" | "watermarkBytes" | "cpus">,
  ): PerfSource {
    return PerfSource.open({ ringBytes, watermarkBytes, ...(cpus === undefined ? {} : { cpus }) });
  }

  /**
   * Loads the programs. Nothing runs yet.
   *
   * @param options What is traced.
   * @param source What {@linkcode Forwarder.openSource} gave; owned by the backend from now on.
   * @returns The backend.
   * @throws {EventPipeError} If the kernel refuses a program.
   */
  static open(options: BackendOptions, source: PerfSource): Forwarder {
    const path = new URL("../../bpf/tracepoint.bpf.o", import.meta.url);
    using cleanup = new DisposableStack();
    cleanup.defer(() => source.close());
    const object = cleanup.use(BpfObject.open(Deno.readFileSync(path)));
    const forwarder = new Forwarder(options, source, object);
    cleanup.move();
    return forwarder;
  }

  start(): void {
    const { selection, command } = this.#options;
    if (command !== null) this.#slowLinks.push(this.#object.program("follow").attach());
    if (this.#calls.needsLeave) this.#quickLinks.push(this.#object.program("leave").attach());
    if (this.#calls.needsEnter) this.#quickLinks.push(this.#object.program("enter").attach());
    selection.tracepoints.forEach((name, category) => {
      const [group = "", event = ""] = name.split(":");
      this.#slowLinks.push(this.#object.program("forward").attachTracepoint(group, event, BigInt(category)));
    });
  }

  stop(): void {
    if (this.#skippedAtStop !== undefined) return;
    this.#object.map("ended").update(bytesOf(Uint32Array.of(0)), bytesOf(Uint32Array.of(1)));
    this.#skippedAtStop = this.#skipped();
    for (const link of this.#quickLinks) link.close();
    this.#source.stop();
  }

  /** The programs put together what belongs together. */
  complete(): void {}

  finish(): BackendAccounts {
    this.stop();
    this.pipe.close();
    const { dispatched, unknown, lost, left, exact } = this.pipe.statistics();
    const { produced, pairsLost, refused } = this.#counters();
    // A full ring is counted by the ring itself; everything else that kept an event from us counts here.
    const elsewhere = refused.reduce((sum, count, error) => error === ENOSPC ? sum : sum + count, 0);
    return {
      missed: this.#skippedAtStop! + pairsLost + elsewhere,
      unfinished: this.#calls.hasPairs ? [...this.#object.map("pairs").keys()].length : 0,
      exact: exact && produced === dispatched + unknown + lost + left + elsewhere,
    };
  }

  release(): void {
    this.pipe.close();
    for (const link of this.#quickLinks) link.close();
    if (this.#slowLinks.length > 0) handOff(this.#slowLinks.map(({ fd }) => fd));
  }

  [Symbol.dispose](): void {
    this.pipe.close();
    for (const link of [...this.#quickLinks, ...this.#slowLinks]) link.close();
    this.#object.close();
  }

  /** Constants, sizes of maps and the choice of programs: all that must be known before loading. */
  #prepare(): void {
    const { catalog, pids, comms, cpus, command, includeSelf } = this.#options;
    const object = this.#object;
    object.map("events").reuseFd(this.#source.mapFd);
    object.map("targets").setMaxEntries(Math.max(1, this.events.length));
    if (this.#calls.hasPairs) object.map("pairs").setMaxEntries(MAX_PAIRS);
    object.program("forward").setAutoload(this.#tracepoints.length > 0);
    object.program("enter").setAutoload(this.#calls.needsEnter);
    object.program("leave").setAutoload(this.#calls.needsLeave);
    object.program("follow").setAutoload(command !== null);
    object.setRodata({
      own_pid: includeSelf ? 0 : Deno.pid,
      by_pid: pids.length > 0 || command !== null,
      by_comm: comms.length > 0,
      by_cpu: cpus !== undefined,
      tracked_cpus: cpuBits(cpus ?? []),
      fork_child_pid: command === null ? 0 : childPidOffset(catalog.format("sched:sched_process_fork")),
      ...registerOffsets(),
    });
    object.load();
    const one = Uint8Array.of(1);
    for (const pid of [...pids, ...(command === null ? [] : [command])]) {
      object.map("tracked_pids").update(bytesOf(Uint32Array.of(pid)), one);
    }
    for (const comm of comms) object.map("tracked_comms").update(commKey(comm), one);
  }

  #registerAll(): void {
    const { selection, onEvent } = this.#options;
    selection.tracepoints.forEach((name, index) => {
      const format = this.#tracepoints[index]!;
      this.#register(tracepointKind(name, format), onEvent);
      this.#object.map("targets").update(bytesOf(Uint32Array.of(index)), encodeTarget(format));
    });
    const first = selection.tracepoints.length;
    for (const kind of this.#calls.kinds) this.#register(kind, onEvent);
    for (const target of this.#calls.targets) {
      this.#object.map("syscalls").update(
        bytesOf(Uint32Array.of(target.nr)),
        encodeCallTarget(target, first),
      );
    }
  }

  #register(kind: TargetKind, onEvent: BackendOptions["onEvent"]): void {
    this.pipe.register({ name: kind.event, process: (event) => onEvent(processForwarded(event, kind)) });
  }

  #counters(): { produced: number; pairsLost: number; refused: number[] } {
    const cpus = possibleCpus().length;
    const words = new BigUint64Array(TRACE_COUNTERS.words * cpus);
    const sums = new Array<number>(TRACE_COUNTERS.words).fill(0);
    for (let slot = 0; slot < SLOTS; slot++) {
      this.#object.map("counters").lookup(bytesOf(Uint32Array.of(slot)), new Uint8Array(words.buffer));
      words.forEach((count, index) => sums[index % TRACE_COUNTERS.words]! += Number(count));
    }
    return {
      produced: sums[TRACE_COUNTERS.produced]!,
      pairsLost: sums[TRACE_COUNTERS.pairs_lost]!,
      refused: sums.slice(TRACE_COUNTERS.refused),
    };
  }

  /** Runs that the kernel skipped, since another program was running on that CPU. */
  #skipped(): number {
    const programs = [
      ...(this.#tracepoints.length > 0 ? ["forward"] : []),
      ...(this.#calls.needsEnter ? ["enter"] : []),
      ...(this.#calls.needsLeave ? ["leave"] : []),
    ];
    return programs.reduce((sum, name) => sum + this.#object.program(name).missedRuns(), 0);
  }
}

function bytesOf(words: Uint32Array): Uint8Array {
  return new Uint8Array(words.buffer);
}

function commKey(comm: string): Uint8Array {
  const key = new Uint8Array(TRACE.TRACE_COMM);
  new TextEncoder().encodeInto(comm, key.subarray(0, TRACE.TRACE_COMM - 1)); // the kernel cuts names to 15 bytes
  return key;
}

function cpuBits(cpus: readonly number[]): Uint8Array {
  const bits = new Uint8Array(128);
  for (const cpu of cpus) bits[cpu >> 3]! |= 1 << (cpu & 7);
  return bits;
}

function childPidOffset(format: EventFormat): number {
  const field = format.fields.find(({ name }) => name === "child_pid");
  if (field === undefined) throw new Error("sched:sched_process_fork of this kernel has no child_pid");
  return field.offset;
}

function encodeTarget(format: EventFormat): Uint8Array {
  const target = new DataView(new ArrayBuffer(TRACE_TARGET.bytes));
  const locations = dataLocations(format).slice(0, TRACE.TRACE_DATA_LOCS);
  target.setUint32(TRACE_TARGET.record_bytes, format.size, true);
  target.setUint32(TRACE_TARGET.data_locs, locations.length, true);
  locations.forEach((offset, index) => target.setUint32(TRACE_TARGET.data_loc + index * 4, offset, true));
  return new Uint8Array(target.buffer);
}
