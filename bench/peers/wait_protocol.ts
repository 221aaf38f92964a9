/**
 * How the harness talks to a program that waits for events, and to the one that emits them.
 *
 * A waiting peer gets its configuration as arguments, in the order of {@linkcode waitArguments}. It opens a ring, loads the
 * generator bench/peers/fill.bpf.c into it and prints `{"program":ID}`, by which bench/peers/emit.c finds it. From then on
 * each line `wait EVENTS SAMPLES` on its stdin is answered, once so many events have come or none came for a second,
 * with what it took; it keeps the latencies of the first SAMPLES of them, from their emission to its handler. Its handler
 * adds up one u32 and one u64 of each event. A line `{"error":"..."}` is its last. Relies on nothing.
 *
 * @module
 */

import type { ScannerKind } from "../../src/ring/scanner.ts";

/** How a peer waits. */
export interface WaitConfig {
  /** The CPU the events are emitted on. */
  readonly producerCpu: number;
  /** The CPU the peer runs on. */
  readonly consumerCpu: number;
  /** Bytes of data in the ring. */
  readonly ringBytes: number;
  /** The kernel wakes the reader of a perf ring after so many events; 0 if bytes count. */
  readonly wakeupEvents: number;
  /** The kernel wakes the reader of a perf ring after so many bytes; 0 if events count. */
  readonly watermarkBytes: number;
  /** How it waits: asleep, or looking at the ring all the time. */
  readonly waiter: "epoll" | "spin";
}

/** How eventpipe waits as such a peer, in front of its arguments. */
export interface OwnWaiting {
  readonly ring: "perf" | "ringbuf";
  readonly scanner: ScannerKind;
}

/** What a peer answers. */
export interface WaitBlock {
  /** How many events came. */
  readonly events: number;
  /** The sum of what its handler read, modulo 2^32. */
  readonly check: number;
  /** From the request to its last event, in ns. */
  readonly ns: number;
  /** CPU time of its thread meanwhile, in ns. */
  readonly cpuNs: number;
  /** How often it was woken; null where its library does not tell. */
  readonly wakeups: number | null;
  /** Latencies in ns, in the order of events. */
  readonly samples: readonly number[];
}

/**
 * Writes a configuration as arguments.
 *
 * @param object The path of the compiled generator.
 * @param config The configuration.
 * @returns The arguments of a peer.
 */
export function waitArguments(object: string, config: WaitConfig): string[] {
  const { producerCpu, consumerCpu, ringBytes, wakeupEvents, watermarkBytes, waiter } = config;
  const numbers = [producerCpu, consumerCpu, ringBytes, wakeupEvents, watermarkBytes];
  return [object, ...numbers.map(String), waiter];
}

/**
 * Reads the arguments of a peer.
 *
 * @param args As {@linkcode waitArguments} made them.
 * @returns The path of the generator and the configuration.
 * @throws {TypeError} If they are not that.
 */
export function readWaitArguments(args: readonly string[]): { object: string; config: WaitConfig } {
  const [object, ...rest] = args;
  const waiter = rest.pop();
  const [producerCpu, consumerCpu, ringBytes, wakeupEvents, watermarkBytes, ...more] = rest.map(Number);
  const numbers = [producerCpu, consumerCpu, ringBytes, wakeupEvents, watermarkBytes];
  if (
    object === undefined || more.length > 0 || (waiter !== "epoll" && waiter !== "spin") ||
    !numbers.every((number) => Number.isSafeInteger(number))
  ) {
    throw new TypeError(
      `Cannot start the peer: expected the generator's path, 5 integers and a waiter, current value is ${
        args.join(" ")
      }`,
    );
  }
  return {
    object,
    config: {
      producerCpu: producerCpu!,
      consumerCpu: consumerCpu!,
      ringBytes: ringBytes!,
      wakeupEvents: wakeupEvents!,
      watermarkBytes: watermarkBytes!,
      waiter,
    },
  };
}

/**
 * Writes a request.
 *
 * @param events How many events come.
 * @param samples How many latencies are kept.
 * @returns The line, with its end.
 */
export function waitRequest(events: number, samples: number): string {
  return `wait ${events} ${samples}\n`;
}

/**
 * Reads a request.
 *
 * @param line The line without its end.
 * @returns What is asked for.
 * @throws {TypeError} If it is no request.
 */
export function readWaitRequest(line: string): { events: number; samples: number } {
  const match = /^wait (\d+) (\d+)$/.exec(line);
  if (match === null) {
    throw new TypeError(
      `Cannot understand the request: expected "wait EVENTS SAMPLES", current value is ${line}`,
    );
  }
  return { events: Number(match[1]), samples: Number(match[2]) };
}

/** What is emitted for a block. */
export interface Emission {
  /** How many events: a whole number of bursts. */
  readonly events: number;
  /** Events that are emitted together, at most 2,000. */
  readonly burst: number;
  /** From burst to burst, in ns; 0 for one right behind the other. */
  readonly intervalNs: number;
  /** A BPF ring buffer's program wakes its reader of so many unread bytes; 0 for the kernel's choice. */
  readonly wakeBytes: number;
  /** Whether each burst waits until the peer sleeps again, if it does not; no unless given. */
  readonly findsAsleep?: boolean;
}

/** What the emitting program answers. */
export interface Emitted {
  /** How many bursts came later than the next one was due. */
  readonly late: number;
  /** How many events the kernel refused. */
  readonly refused: number;
  /** A run of the BPF program for a burst, without what it takes for no event: the median, in ns. */
  readonly runNs: number;
  /** From when the first burst was due to the end of the last, in ns. */
  readonly wholeNs: number;
}

/**
 * Writes a request for the emitting program.
 *
 * @param peer The number of the waiting peer's generator, and that of its process.
 * @param emission What is emitted.
 * @param seed What values are drawn from.
 * @returns The line, with its end.
 */
export function emitRequest(
  peer: { readonly program: number; readonly pid: number },
  { events, burst, intervalNs, wakeBytes, findsAsleep = false }: Emission,
  seed: number,
): string {
  const reader = findsAsleep ? peer.pid : 0;
  return `emit ${peer.program} ${events} ${burst} ${intervalNs} ${wakeBytes} ${reader} ${seed}\n`;
}

/**
 * Reads an answer of either.
 *
 * @param line The line without its end.
 * @returns The answer: of the peer `program` or a block, of the emitting program `ready` or what it emitted.
 * @throws {TypeError} If it is none.
 */
export function readWaitAnswer(
  line: string,
): WaitBlock | { program: number } | { ready: true } | Emitted | { error: string } {
  let answer: Record<string, unknown> | null = null;
  try {
    answer = JSON.parse(line);
  } catch {
    // Refused below, like other lines that are no answer.
  }
  if (typeof answer === "object" && answer !== null) {
    const { error, ready, program, late, refused, runNs, wholeNs } = answer;
    if (typeof error === "string") return { error };
    if (ready === true) return { ready };
    if (isCount(program)) return { program };
    if (isCount(late) && isCount(refused) && isCount(runNs) && isCount(wholeNs)) {
      return { late, refused, runNs, wholeNs };
    }
    const block = readBlock(answer);
    if (block !== null) return block;
  }
  throw new TypeError(`Cannot understand the peer: expected a line of JSON, current value is ${line}`);
}

function readBlock(
  { events, check, ns, cpuNs, wakeups, samples }: Record<string, unknown>,
): WaitBlock | null {
  const isBlock = isCount(events) && isCount(check) && isCount(ns) && isCount(cpuNs) &&
    (wakeups === null || isCount(wakeups)) && isSamples(samples);
  return isBlock ? { events, check, ns, cpuNs, wakeups, samples } : null;
}

function isSamples(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((sample) => Number.isSafeInteger(sample));
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}
