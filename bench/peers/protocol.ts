/**
 * How the harness talks to a peer: a program that reads a ring in its own way, does one block of work on request and tells
 * what it took, so that blocks of different programs alternate within a run.
 *
 * A peer gets its configuration as arguments, in the order of {@linkcode peerArguments}. It opens a ring, loads the
 * generator bench/peers/fill.bpf.c into it and prints `{"ready":true}`. From then on each line `block SEED FILLS` on its
 * stdin is answered by one line on stdout: so many times it has let the generator fill the ring on the producer's CPU, and
 * has read it empty on its own CPU; only the reading is timed. A line `{"error":"..."}` is its last. When its stdin ends
 * it ends. Relies on nothing.
 *
 * @module
 */

/** What a peer reads, and what it does with each event. */
export interface PeerConfig {
  /** The CPU the events are emitted on. */
  readonly producerCpu: number;
  /** The CPU the peer runs on. */
  readonly consumerCpu: number;
  /** Bytes of data in the ring. */
  readonly ringBytes: number;
  /** Bytes of the shortest events from their category on, at least 24. */
  readonly payloadBytes: number;
  /** How many sizes there are, each 8 bytes above the one before; 1 if all are equal. */
  readonly payloadSteps: number;
  /** How many handlers there are; 0 adds up the categories of what is scanned, without one. */
  readonly handlers: number;
  /** Events in the ring when it is read. */
  readonly events: number;
  /** How many rings are read, all of the producer's CPU; the events stand in one of them. */
  readonly rings: number;
}

/** What a peer answers to a request for a block. */
export interface PeerBlock {
  /** How many events it read. */
  readonly events: number;
  /** The sum of what it read of them, modulo 2^32: the same for all who read the same events. */
  readonly check: number;
  /** Its time in the reader, in ns. */
  readonly ns: number;
  /** Its time for all of the block, filling included, in ns. */
  readonly wholeNs: number;
}

/** What a peer may answer. */
export type PeerAnswer = { readonly ready: true } | { readonly error: string } | PeerBlock;

/** The categories that are drawn when there are no handlers. */
export const CATEGORIES = 16;

/**
 * Writes a configuration as arguments.
 *
 * @param object The path of the compiled generator.
 * @param config The configuration.
 * @returns The arguments of a peer.
 */
export function peerArguments(object: string, config: PeerConfig): string[] {
  const { producerCpu, consumerCpu, ringBytes, payloadBytes, payloadSteps, handlers, events, rings } = config;
  const numbers = [producerCpu, consumerCpu, ringBytes, payloadBytes, payloadSteps, handlers, events, rings];
  return [object, ...numbers.map(String)];
}

/**
 * Reads the arguments of a peer.
 *
 * @param args As {@linkcode peerArguments} made them.
 * @returns The path of the generator and the configuration.
 * @throws {TypeError} If they are not that.
 */
export function readPeerArguments(args: readonly string[]): { object: string; config: PeerConfig } {
  const [object, ...texts] = args;
  const numbers = texts.map(Number);
  if (
    object === undefined || texts.length !== 8 || !numbers.every((number) => Number.isSafeInteger(number))
  ) {
    throw new TypeError(
      `Cannot start the peer: expected the generator's path and 8 integers, current value is ${
        args.join(" ")
      }`,
    );
  }
  const [producerCpu, consumerCpu, ringBytes, payloadBytes, payloadSteps, handlers, events, rings] =
    numbers as [
      number,
      number,
      number,
      number,
      number,
      number,
      number,
      number,
    ];
  return {
    object,
    config: { producerCpu, consumerCpu, ringBytes, payloadBytes, payloadSteps, handlers, events, rings },
  };
}

/**
 * Writes a request.
 *
 * @param seed What categories and sizes are drawn from, a u32.
 * @param fills How often the ring is filled and read.
 * @returns The line, with its end.
 */
export function blockRequest(seed: number, fills: number): string {
  return `block ${seed} ${fills}\n`;
}

/**
 * Reads a request.
 *
 * @param line The line without its end.
 * @returns What is asked for.
 * @throws {TypeError} If it is no request.
 */
export function readBlockRequest(line: string): { seed: number; fills: number } {
  const match = /^block (\d+) (\d+)$/.exec(line);
  if (match === null) {
    throw new TypeError(
      `Cannot understand the request: expected "block SEED FILLS", current value is ${line}`,
    );
  }
  return { seed: Number(match[1]), fills: Number(match[2]) };
}

/**
 * Reads an answer.
 *
 * @param line The line without its end.
 * @returns The answer.
 * @throws {TypeError} If it is none.
 */
export function readPeerAnswer(line: string): PeerAnswer {
  let answer: Record<string, unknown> | null = null;
  try {
    answer = JSON.parse(line);
  } catch {
    // Refused below, like other lines that are no answer.
  }
  if (typeof answer === "object" && answer !== null) {
    if (typeof answer.error === "string") return { error: answer.error };
    if (answer.ready === true) return { ready: true };
    const { events, check, ns, wholeNs } = answer;
    if (isCount(events) && isCount(check) && isCount(ns) && isCount(wholeNs)) {
      return { events, check, ns, wholeNs };
    }
  }
  throw new TypeError(`Cannot understand the peer: expected a line of JSON, current value is ${line}`);
}

/**
 * How many events fill a ring: all that are sure to fit.
 *
 * @param config The ring and the sizes.
 * @returns The count.
 * @throws {RangeError} If not even one fits.
 */
export function eventsPerFill(
  { ringBytes, payloadBytes, payloadSteps }: Pick<PeerConfig, "ringBytes" | "payloadBytes" | "payloadSteps">,
): number {
  // In both rings 12 bytes stand in front of the payload, a record is a multiple of 8, and one byte stays free. Where
  // sizes are drawn, a twentieth of the ring is left for a draw of many long ones.
  const shortest = Math.ceil((12 + payloadBytes) / 8) * 8;
  const average = shortest + 4 * (payloadSteps - 1);
  const events = Math.floor((ringBytes - 1) * (payloadSteps === 1 ? 1 : 0.95) / average);
  if (events < 1) {
    throw new RangeError(
      `Cannot fill the ring: events of ${payloadBytes} bytes do not fit into ${ringBytes} bytes`,
    );
  }
  return events;
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}
