/**
 * What a pipe does whatever its rings are: one suite for the kernel's rings and for those in memory. A harness opens a
 * pipe over its source and emits the events of bpf/event.h `struct load_event`, each with the proof of its identity.
 */

import {
  assert,
  assertEquals,
  assertGreater,
  assertGreaterOrEqual,
  AssertionError,
  assertLess,
} from "@std/assert";
import type { Event, EventPipe, EventPipeOptions, Statistics } from "../../mod.ts";
import { LOAD_EVENT } from "../../src/abi/event.ts";

/** Events to emit. */
export interface Emission {
  /** The CPU on whose ring they are emitted; the first one unless given. */
  readonly cpu?: number;
  /** Their category; 0 unless given. */
  readonly category?: number;
  /** Bytes of each from the category on; 36 unless given, which makes records of 48 bytes. */
  readonly payloadBytes?: number;
  /** How many; 1 unless given. */
  readonly count?: number;
  /** Whether to fill the payload with words made from the sequence. */
  readonly fill?: boolean;
}

/** What the harness needs to open its source. */
export interface SourceOptions {
  /** The size of each ring's data. */
  readonly ringBytes: number;
  /** Wake the reader after this many events. */
  readonly wakeupEvents: number;
}

/** The source of one test and its producers. */
export interface ContractSource extends Disposable {
  /** The pipe over the source. */
  readonly pipe: EventPipe;
  /** The CPUs of its rings. */
  readonly cpus: readonly number[];
  /** Emits events. Their sequence counts 0, 1, 2, ... per CPU. */
  emit(emission: Emission): void;
  /** Calls of the output function so far. */
  produced(): number;
}

/** How the suite runs on one kind of source. */
export interface ContractHarness {
  /** Declares a test. */
  test(name: string, body: () => void | Promise<void>): void;
  /** Opens a source with a ring for one or two CPUs, and a pipe over it. */
  open(source: SourceOptions, pipe: Omit<EventPipeOptions, "source" | "waiter">): ContractSource;
}

/**
 * Leaves tests out that do not hold somewhere, each with what is so there instead.
 *
 * @param harness How the others run.
 * @param exceptions What to leave out.
 * @returns The harness without them. Behind the suite, `check` it: an exception that fits no test is a mistake.
 */
export function except(
  harness: ContractHarness,
  exceptions: readonly (readonly [pattern: RegExp, reason: string])[],
): ContractHarness & { check(): void } {
  const unseen = new Set(exceptions.map(([pattern]) => pattern));
  return {
    ...harness,
    test(name, body): void {
      const [pattern] = exceptions.find(([pattern]) => pattern.test(name)) ?? [];
      if (pattern === undefined) harness.test(name, body);
      else unseen.delete(pattern);
    },
    check(): void {
      if (unseen.size > 0) throw new Error(`The contract has no tests like ${[...unseen].join(", ")}`);
    },
  };
}

/** Tests that do not hold where the waiter looks at the rings itself. */
export const OF_WAITERS_THAT_ARE_WOKEN: readonly (readonly [RegExp, string])[] = [
  [/ at a threshold of 16 wake /, "it finds events whatever the threshold is"],
  [/: half a ring of events wakes/, "it finds events whatever the threshold is"],
  [/: events below the threshold are delivered when the wait is over/, "they end the wait"],
];

/** Payloads at the edges: the shortest, with padding, one word of filling, records of many words, the largest. */
const RING_BYTES = 4096;
const PAYLOADS = [32, 33, 44, 128, 1024, RING_BYTES - 20];

/** The default payload's record: 36 bytes behind 12, no padding. */
const PAYLOAD = 36;
const RECORD = 48;

/** How long a wait may take that must not take any time; far above what a loaded machine needs. */
const AT_ONCE_MS = 10_000;

/** bpf/load.bpf.c fill_word(): the word at `index` of the event with this sequence. */
function fillWord(sequence: number, index: number): bigint {
  return BigInt.asUintN(64, BigInt(sequence) * 0x9e3779b97f4a7c15n + BigInt(index));
}

/** Checks each event it is given: whole, of its CPU, and the next one there. */
export class EventCheck {
  /** Sequence numbers that were skipped, per CPU: events that were lost or went elsewhere. */
  readonly gaps = new Map<number, number>();
  /** Events seen. */
  events = 0;
  readonly #next = new Map<number, number>();
  readonly #filled: boolean;

  /** @param filled Whether the payloads are filled. */
  constructor(filled: boolean) {
    this.#filled = filled;
  }

  /**
   * Checks one event.
   *
   * @param event The event as a handler gets it.
   * @param category The category it must have.
   */
  check(event: Event, category: number): void {
    const { cpu } = event;
    const sequence = event.u64(LOAD_EVENT.sequence);
    const expected = this.#next.get(cpu) ?? 0;
    const payloadBytes = event.u32(LOAD_EVENT.payload_bytes);
    if (sequence < expected) throw wrong(event, `follows ${expected - 1}`);
    if (event.category !== category) throw wrong(event, `has category ${event.category}, not ${category}`);
    if (event.size !== paddedBytes(payloadBytes)) {
      throw wrong(event, `has ${event.size} bytes for a payload of ${payloadBytes}`);
    }
    if (this.#filled) checkFill(event, sequence, payloadBytes);
    if (sequence > expected) this.gaps.set(cpu, (this.gaps.get(cpu) ?? 0) + sequence - expected);
    this.#next.set(cpu, sequence + 1);
    this.events++;
  }
}

/** Payload and padding as the ring counts them: records are multiples of 8 and 12 bytes stand in front. */
function paddedBytes(payloadBytes: number): number {
  return ((12 + payloadBytes + 7) & ~7) - 12;
}

/** Every byte behind the head of the event, word by word, and the bytes of a last word that the payload cuts off. */
function checkFill(event: Event, sequence: number, payloadBytes: number): void {
  let index = 0;
  let offset: number = LOAD_EVENT.fill;
  for (; offset + 8 <= payloadBytes; offset += 8, index++) {
    const word = event.bigU64(offset);
    if (word !== fillWord(sequence, index)) throw wrong(event, `has ${word} in place of word ${index}`);
  }
  const filledWords = (payloadBytes - LOAD_EVENT.bytes) >> 3;
  if (index >= filledWords) return;
  for (let shift = 0n; offset < payloadBytes; offset++, shift += 8n) {
    const byte = BigInt(event.u8(offset));
    if (byte !== (fillWord(sequence, index) >> shift & 0xffn)) {
      throw wrong(event, `is wrong at byte ${offset}`);
    }
  }
}

function wrong(event: Event, what: string): AssertionError {
  return new AssertionError(`Event ${event.u64(LOAD_EVENT.sequence)} of CPU ${event.cpu} ${what}`);
}

/** The account of a closed pipe: every event produced is in one term. */
function assertAccounted(statistics: Statistics, produced: number): void {
  const { dispatched, unknown, lost, left } = statistics;
  assertEquals(dispatched + unknown + lost + left, produced);
  assert(statistics.exact);
  for (const key of ["unknown", "lost", "left", "wakeups"] as const) {
    assertEquals(statistics.cpus.reduce((sum, cpu) => sum + cpu[key], 0), statistics[key]);
  }
}

/** Registers a handler that notes the sequence of each event. */
function noteSequences(pipe: EventPipe, then: (sequence: number) => number | void = () => {}): number[] {
  const seen: number[] = [];
  pipe.register({
    name: "note",
    process(event): number | void {
      seen.push(event.u64(LOAD_EVENT.sequence));
      return then(seen.length);
    },
  });
  return seen;
}

function range(from: number, to: number): number[] {
  return Array.from({ length: to - from }, (_, index) => from + index);
}

/**
 * Declares the suite.
 *
 * @param name The kind of source, put in front of each test's name.
 * @param harness How to run it there.
 */
export function pipeContract(name: string, harness: ContractHarness): void {
  const test = (sentence: string, body: () => void | Promise<void>): void =>
    harness.test(`${name}: ${sentence}`, body);
  const open = (
    source: Partial<SourceOptions> = {},
    pipe: Omit<EventPipeOptions, "source" | "waiter"> = {},
  ): ContractSource => harness.open({ ringBytes: RING_BYTES, wakeupEvents: 1, ...source }, pipe);

  declareDelivery(test, open);
  declareAccounting(test, open);
  declareHandlers(test, open);
  declareEnds(test, open);
  declareWakeups(test, open);
  declareRun(test, open);
}

type Declare = (sentence: string, body: () => void | Promise<void>) => void;
type Open = (
  source?: Partial<SourceOptions>,
  pipe?: Omit<EventPipeOptions, "source" | "waiter">,
) => ContractSource;

function declareDelivery(test: Declare, open: Open): void {
  for (const payloadBytes of PAYLOADS) {
    test(`events of ${payloadBytes} bytes arrive whole and in order, around the ring and around`, () => {
      using source = open();
      const { pipe, cpus } = source;
      const check = new EventCheck(true);
      pipe.register({ name: "check", process: (event) => check.check(event, 0) });
      const fits = Math.floor((RING_BYTES - 1) / (paddedBytes(payloadBytes) + 12));
      let emitted = 0;
      for (let lap = 0; lap < 20; lap++) {
        const count = Math.max(1, fits - lap % 3);
        for (const cpu of cpus) source.emit({ cpu, payloadBytes, count, fill: true });
        emitted += count * cpus.length;
        assertEquals(pipe.consume(), 0);
        assertEquals(check.events, emitted);
      }
      assertEquals(check.gaps.size, 0);
      pipe.close();
      const statistics = pipe.statistics();
      assertEquals(statistics.bytes, emitted * paddedBytes(payloadBytes));
      assertEquals(statistics.dispatched, emitted);
      assertAccounted(statistics, source.produced());
    });
  }

  test("1,000,000 events in bursts through rings of 64 KiB arrive whole and in order", () => {
    using source = open({ ringBytes: 65536, wakeupEvents: 512 });
    const { pipe, cpus } = source;
    const check = new EventCheck(true);
    pipe.register({ name: "check", process: (event) => check.check(event, 0) });
    const total = 1_000_000;
    // Records of 56 and 64 bytes and bursts of different lengths: the ring's end falls at every place of a record.
    const bursts = [900, 1, 640, 77, 1000];
    let emitted = 0;
    for (let burst = 0; emitted < total; burst++) {
      const count = Math.min(bursts[burst % bursts.length]!, total - emitted);
      const cpu = cpus[burst % cpus.length]!;
      source.emit({ cpu, payloadBytes: burst % 3 === 0 ? 52 : 44, count, fill: true });
      emitted += count;
      pipe.poll(0);
    }
    assertEquals(check.events, total);
    assertEquals(check.gaps.size, 0);
    pipe.close();
    const statistics = pipe.statistics();
    assertEquals(statistics.dispatched, total);
    assertAccounted(statistics, source.produced());
  });
}

function declareAccounting(test: Declare, open: Open): void {
  test("a run with overruns accounts for every event, those lost at the tail included", () => {
    const told = new Map<number, number>();
    using source = open({ ringBytes: 8192 }, {
      onLost: (cpu, count) => void told.set(cpu, (told.get(cpu) ?? 0) + count),
    });
    const { pipe, cpus } = source;
    const check = new EventCheck(true);
    pipe.register({ name: "check", process: (event) => check.check(event, 0) });
    const everywhere = (emission: Emission): void =>
      cpus.forEach((cpu, index) => source.emit({ ...emission, cpu, count: emission.count! + index }));

    for (let lap = 0; lap < 50; lap++) {
      everywhere({ payloadBytes: 44, count: 400, fill: true });
      pipe.consume();
      everywhere({ payloadBytes: 128, count: 5 + lap % 7, fill: true });
    }
    pipe.consume();
    everywhere({ category: 9, count: 300 });
    pipe.consume();
    assertEquals(check.gaps, told, "the losses that were told are the gaps in the sequences");
    everywhere({ payloadBytes: 44, count: 400, fill: true });
    const lostBefore = pipe.statistics().lost;
    pipe.close();

    const statistics = pipe.statistics();
    assertAccounted(statistics, source.produced());
    assertEquals(statistics.lost, lostBefore);
    const toldTotal = [...told.values()].reduce((sum, count) => sum + count, 0);
    assertGreater(toldTotal, 0);
    // The record of the last loss takes 24 bytes in front of the last burst, and the rest of the burst has no record
    // behind it to tell of it.
    const fits = Math.floor((8192 - 1 - 24) / 56);
    assertEquals(statistics.left, cpus.length * fits);
    assertGreaterOrEqual(statistics.lost - toldTotal, cpus.length * (400 - fits));
    assertGreater(statistics.unknown, 0);
    assertEquals(statistics.dispatched, check.events);
  });

  test("a loss is told in its place, between the events in front of it and the next one", () => {
    const log: (number | string)[] = [];
    using source = open({}, { onLost: (cpu, count) => void log.push(`CPU ${cpu} lost ${count}`) });
    const { pipe, cpus } = source;
    pipe.register({
      name: "note",
      process: (event) => log.push(event.u64(LOAD_EVENT.sequence)) === 10 ? 1 : 0,
    });
    const fits = Math.floor((RING_BYTES - 1) / RECORD);
    source.emit({ count: fits + 5 });
    assertEquals(pipe.statistics().lost, 5, "counted before any record tells of it");
    assertEquals(pipe.consume(), 1);
    assertEquals(log, range(0, 10));
    source.emit({ count: 2 });
    pipe.consume();
    assertEquals(log, [...range(0, fits), `CPU ${cpus[0]} lost 5`, fits + 5, fits + 6]);
    assertEquals(pipe.statistics().lost, 5, "and not counted again");
  });

  test("closing counts what is left in the rings and dispatches none of it", () => {
    using source = open();
    const { pipe, cpus } = source;
    const seen = noteSequences(pipe);
    source.emit({ count: 3 });
    pipe.consume();
    cpus.forEach((cpu, index) => source.emit({ cpu, count: 5 + index }));
    assertEquals(pipe.statistics().left, 0);
    pipe.close();
    assertEquals(seen, [0, 1, 2]);
    const { cpus: perCpu, dispatched } = pipe.statistics();
    assertEquals(
      perCpu.map(({ cpu, left }) => ({ cpu, left })),
      cpus.map((cpu, i) => ({ cpu, left: 5 + i })),
    );
    assertEquals(dispatched, 3);
    assertAccounted(pipe.statistics(), source.produced());
  });

  test("events after the close are refused and change no count", () => {
    using source = open();
    noteSequences(source.pipe);
    source.emit({ count: 4 });
    source.pipe.close();
    const closed = source.pipe.statistics();
    source.emit({ count: 7 });
    assertEquals(source.produced(), 11);
    assertEquals(source.pipe.statistics(), closed);
    assertAccounted(closed, 4);
  });
}

function declareHandlers(test: Declare, open: Open): void {
  test("each event goes to the handler of its category, and others are counted as unknown", () => {
    using source = open();
    const { pipe } = source;
    const first = noteSequences(pipe);
    const second = noteSequences(pipe);
    for (const category of [0, 1, 2, 1, 0xffffffff, 0, 0x80000000]) source.emit({ category });
    pipe.consume();
    assertEquals([first, second], [[0, 5], [1, 3]]);
    assertEquals(pipe.unregister(1), true);
    source.emit({ category: 1 });
    source.emit({ category: 0 });
    pipe.consume();
    assertEquals([first, second], [[0, 5, 8], [1, 3]]);
    const { dispatched, unknown, categories } = pipe.statistics();
    assertEquals([dispatched, unknown], [5, 4]);
    assertEquals(categories.map(({ events }) => events), [3, 2]);
  });

  test("a handler of unknown categories gets them, and they still count as unknown", () => {
    const strangers: number[] = [];
    using source = open({}, {
      unknown: { name: "stranger", process: (event) => void strangers.push(event.category) },
    });
    const seen = noteSequences(source.pipe);
    for (const category of [3, 0, 4_000_000_000]) source.emit({ category });
    source.pipe.consume();
    assertEquals([strangers, seen], [[3, 4_000_000_000], [1]]);
    assertEquals(source.pipe.statistics().unknown, 2);
  });

  test("an unknown category that throws leaves poll, and the next call begins behind it", () => {
    using source = open({}, { unknown: "throw" });
    const { pipe } = source;
    const seen = noteSequences(pipe);
    for (const category of [0, 5, 0]) source.emit({ category });
    assertEquals(caught(() => pipe.consume()), "UNKNOWN_CATEGORY");
    assertEquals(seen, [0]);
    pipe.consume();
    assertEquals(seen, [0, 2]);
    assertEquals(pipe.statistics().unknown, 1);
  });

  test("dispatch by all gives every record to the first handler, whatever it begins with", () => {
    using source = open({}, { dispatchBy: "all" });
    const { pipe } = source;
    const categories: number[] = [];
    pipe.register({ name: "all", process: (event) => void categories.push(event.category) });
    const second = noteSequences(pipe);
    const emitted = [7, 0, 1, 0xffffffff];
    for (const category of emitted) source.emit({ category });
    pipe.consume();
    assertEquals(categories, emitted);
    assertEquals(second, []);
    assertEquals(pipe.statistics().unknown, 0);
  });

  test("a number a handler returns ends the drain behind its event, and the next poll goes on there", () => {
    using source = open({ wakeupEvents: 1000 });
    const { pipe } = source;
    const seen = noteSequences(pipe, (count) => count === 3 || count === 6 ? 40 + count : 0);
    source.emit({ count: 8 });
    assertEquals(pipe.poll(0), 43);
    assertEquals(seen, [0, 1, 2]);
    // No wake-up is due any more: a poll that waited for one would take its whole time.
    const start = performance.now();
    assertEquals(pipe.poll(2 * AT_ONCE_MS), 46);
    assertLess(performance.now() - start, AT_ONCE_MS);
    assertEquals(seen, range(0, 6));
    assertEquals(pipe.poll(0), 0);
    assertEquals(seen, range(0, 8));
  });

  test("the rings behind one whose drain ended early are drained by the next poll", () => {
    using source = open();
    const { pipe, cpus } = source;
    const seen: number[] = [];
    pipe.register({
      name: "note",
      process: (event) => seen.push(event.cpu) === 2 ? 1 : 0,
    });
    for (const cpu of cpus) source.emit({ cpu, count: 3 });
    assertEquals(pipe.poll(0), 1);
    assertEquals(seen.length, 2);
    const start = performance.now();
    assertEquals(pipe.poll(2 * AT_ONCE_MS), 0);
    assertLess(performance.now() - start, AT_ONCE_MS);
    for (const cpu of cpus) assertEquals(seen.filter((each) => each === cpu).length, 3);
  });

  test("an exception leaves poll behind its event, and the next poll goes on there", () => {
    using source = open();
    const { pipe } = source;
    const seen = noteSequences(pipe, (count) => {
      if (count === 4) throw new URIError("the fourth");
    });
    source.emit({ count: 9 });
    assertEquals(caught(() => pipe.poll(0)), "URIError");
    assertEquals(seen, range(0, 4));
    assertEquals(pipe.poll(0), 0);
    assertEquals(seen, range(0, 9));
    const { dispatched, categories } = pipe.statistics();
    assertEquals(dispatched, 9);
    assertEquals(categories[0]!.errors, 1);
  });

  test("room is given back behind the event that ended a drain, and no sooner", () => {
    using source = open();
    const { pipe } = source;
    noteSequences(pipe, (count) => count === 10 ? 1 : 0);
    const fits = Math.floor((RING_BYTES - 1) / RECORD);
    source.emit({ count: fits });
    pipe.consume();
    // 15 bytes were free and 10 records are.
    source.emit({ count: 10 });
    assertEquals(pipe.statistics().lost, 0);
    source.emit({});
    assertEquals(pipe.statistics().lost, 1);
  });
}

/** What ends a reading, and what the next one begins with. */
function declareEnds(test: Declare, open: Open): void {
  test("a handler that counts reads one event, two and those that are left", () => {
    using source = open();
    const { pipe } = source;
    let stopAt = 0;
    const seen = noteSequences(pipe, (count) => count === stopAt ? 1 : 0);
    source.emit({ count: 10 });
    for (const [limit, result, total] of [[1, 1, 1], [2, 1, 3], [10, 0, 10]] as const) {
      stopAt = seen.length + limit;
      assertEquals(pipe.consume(), result);
      assertEquals(seen, range(0, total));
    }
    assertEquals(pipe.consume(), 0, "an empty ring ends nothing");
  });

  test("a negative number comes back from consume and from poll, each time behind its event", () => {
    using source = open();
    const { pipe } = source;
    const seen = noteSequences(pipe, (count) => count % 2 === 1 ? -count : 0);
    source.emit({ count: 4 });
    assertEquals([pipe.consume(), pipe.poll(0), pipe.poll(0)], [-1, -3, 0]);
    source.emit({ count: 3 });
    assertEquals([pipe.poll(AT_ONCE_MS), pipe.consume(), pipe.consume()], [-5, -7, 0]);
    assertEquals(seen, range(0, 7));
  });

  test("two handlers are reached by consume and by a poll with a limit alike", () => {
    using source = open();
    const { pipe } = source;
    const [first, second] = [noteSequences(pipe), noteSequences(pipe)];
    for (const category of [0, 1]) source.emit({ category, count: 2 });
    assertEquals(pipe.consume(), 0);
    assertEquals([first, second], [[0, 1], [2, 3]]);
    for (const category of [1, 0]) source.emit({ category });
    assertEquals(pipe.poll(100), 0);
    assertEquals([first, second], [[0, 1, 5], [2, 3, 4]]);
  });

  test("waits that are over before they begin find nothing, again and again, and then what has come", () => {
    using source = open();
    const { pipe } = source;
    const seen = noteSequences(pipe);
    for (let i = 0; i < 2; i++) assertEquals(pipe.poll(0), 0);
    const start = performance.now();
    assertEquals(pipe.poll(3), 0);
    assertGreaterOrEqual(performance.now() - start, 3);
    assertEquals(pipe.poll(0), 0);
    assertEquals([seen, pipe.statistics().wakeups], [[], 0]);
    source.emit({});
    assertEquals(pipe.poll(AT_ONCE_MS), 0);
    assertEquals(seen, [0]);
  });

  test("a wait that is over before it begins delivers what is there, and the next one what came meanwhile", () => {
    using source = open({ wakeupEvents: 2 });
    const { pipe } = source;
    const seen = noteSequences(pipe, (count) => count === 1 ? source.emit({}) : undefined);
    source.emit({});
    assertEquals(pipe.poll(0), 0);
    assertEquals(seen, [0]);
    assertEquals(pipe.poll(0), 0);
    assertEquals(seen, [0, 1]);
  });

  test("a handler that closes the pipe ends its poll behind its event, which it can read to the end", () => {
    using source = open();
    const { pipe } = source;
    const shown: number[] = [];
    pipe.register({
      name: "close",
      process(event): number {
        if (event.u64(LOAD_EVENT.sequence) === 2) pipe.close();
        shown.push(event.u64(LOAD_EVENT.sequence)); // the ring is still there
        return 0;
      },
    });
    source.emit({ count: 7 });
    assertEquals(pipe.poll(AT_ONCE_MS), 0);
    assertEquals([shown, pipe.statistics().dispatched, pipe.statistics().left], [[0, 1, 2], 3, 4]);
    assertEquals(caught(() => pipe.poll(0)), "CLOSED");
    assertAccounted(pipe.statistics(), source.produced());
  });

  test("a pipe that was closed with events unread refuses to read them, and can be closed again", () => {
    using source = open();
    const { pipe } = source;
    const seen = noteSequences(pipe);
    source.emit({ count: 3 });
    pipe.close();
    pipe.close();
    for (
      const read of [() => pipe.poll(0), () => pipe.poll(-1), () => pipe.consume(), () => pipe.consume(0)]
    ) {
      assertEquals(caught(read), "CLOSED");
    }
    assertEquals([seen, pipe.statistics().left], [[], 3]);
  });

  test("handlers that a handler registers and takes off count from the next event on", () => {
    using source = open();
    const { pipe } = source;
    const log: string[] = [];
    const note = (name: string): number => pipe.register({ name, process: () => void log.push(name) });
    pipe.register({
      name: "change",
      process(): void {
        assert(pipe.unregister(1));
        assertEquals(note("late"), 2);
        pipe.unregister(0);
      },
    });
    note("early");
    for (const category of [2, 1, 0, 1, 2, 0]) source.emit({ category });
    assertEquals(pipe.consume(), 0);
    assertEquals(log, ["early", "late"]);
    const { dispatched, unknown } = pipe.statistics();
    assertEquals([dispatched, unknown], [3, 3]);
  });
}

function declareWakeups(test: Declare, open: Open): void {
  for (const events of [15, 16, 100]) {
    test(`${events} events at a threshold of 16 wake ${Math.floor(events / 16)} times`, () => {
      using source = open({ ringBytes: 65536, wakeupEvents: 16 });
      const { pipe } = source;
      const seen = noteSequences(pipe);
      for (let event = 0; event < events; event++) {
        source.emit({});
        pipe.poll(0);
        assertEquals(pipe.statistics().wakeups, Math.floor((event + 1) / 16));
      }
      assertEquals(seen, range(0, events));
    });
  }

  test("half a ring of events wakes whatever the threshold is", () => {
    using source = open({ wakeupEvents: 1_000_000 });
    const { pipe } = source;
    const seen = noteSequences(pipe);
    const half = Math.floor(RING_BYTES / 2 / RECORD) + 1;
    const wakeups: number[] = [];
    for (let event = 1; event <= 3 * half; event++) {
      source.emit({});
      pipe.poll(0);
      if (pipe.statistics().wakeups > wakeups.length) wakeups.push(event);
    }
    // Counted by production, so draining in between does not delay it: more than 2048, 4096 and 6144 bytes.
    assertEquals(wakeups, [1, 2, 3].map((n) => Math.floor(n * RING_BYTES / 2 / RECORD) + 1));
    assertEquals(seen, range(0, 3 * half));
  });

  test("events below the threshold are delivered when the wait is over", () => {
    using source = open({ wakeupEvents: 1000 });
    const { pipe, cpus } = source;
    const seen: number[] = [];
    pipe.register({ name: "note", process: (event) => void seen.push(event.cpu) });
    for (const cpu of cpus) source.emit({ cpu, count: 2 });
    assertEquals(pipe.poll(1), 0);
    assertEquals(seen.sort(), cpus.flatMap((cpu) => [cpu, cpu]).sort());
    assertEquals(pipe.statistics().wakeups, 0);
  });

  test("a wake-up ends a wait without end", () => {
    using source = open({ wakeupEvents: 3 });
    const { pipe } = source;
    const seen = noteSequences(pipe);
    source.emit({ count: 3 });
    assertEquals(pipe.poll(-1), 0);
    assertEquals(seen, [0, 1, 2]);
    assertEquals(pipe.statistics().wakeups, 1);
  });

  test("events below the threshold of a quiet ring are delivered while another ring is busy", () => {
    using source = open({ wakeupEvents: 3 });
    const { pipe, cpus } = source;
    if (cpus.length < 2) return; // one CPU has one ring, and no other to wait for
    const seen: number[] = [];
    pipe.register({ name: "cpu", process: (event) => void seen.push(event.cpu) });
    source.emit({ cpu: cpus[1]! });
    source.emit({ cpu: cpus[0]!, count: 3 });
    assertEquals(pipe.poll(-1), 0);
    assertEquals(seen.toSorted(), [cpus[0]!, cpus[0]!, cpus[0]!, cpus[1]!].toSorted());
  });

  test("each ring wakes by itself", () => {
    using source = open();
    const { pipe, cpus } = source;
    noteSequences(pipe);
    for (const [index, cpu] of cpus.entries()) {
      source.emit({ cpu });
      pipe.poll(-1);
      const wakeups = pipe.statistics().cpus.map((counts) => counts.wakeups);
      assertEquals(wakeups, cpus.map((_, other) => other <= index ? 1 : 0));
    }
  });
}

function declareRun(test: Declare, open: Open): void {
  test("run delivers events as they come until its signal, and then those still in the rings", async () => {
    using source = open();
    const { pipe } = source;
    const ended = new AbortController();
    const seen = noteSequences(pipe, (count) => {
      if (count !== 5) return;
      ended.abort();
      source.emit({ count: 2 });
    });
    const running = pipe.run({ signal: ended.signal });
    source.emit({ count: 5 });
    assertEquals(await running, 0);
    assertEquals(seen, range(0, 7));
  });

  test("run delivers events below the threshold without a wake-up", async () => {
    using source = open({ wakeupEvents: 1000 });
    const seen = noteSequences(source.pipe, (count) => count === 3 ? 9 : 0);
    const running = source.pipe.run();
    source.emit({ count: 3 });
    assertEquals(await running, 9);
    assertEquals(seen, [0, 1, 2]);
    assertEquals(source.pipe.statistics().wakeups, 0);
  });

  test("run delivers events that come one at a time, in order and without a loss", async () => {
    using source = open();
    const total = 200;
    const seen = noteSequences(source.pipe, (count) => count === total ? 1 : 0);
    const running = source.pipe.run();
    for (let event = 0; event < total; event++) {
      source.emit({});
      await new Promise((resolve) => setTimeout(resolve)); // a turn of the event loop
    }
    assertEquals(await running, 1);
    assertEquals(seen, range(0, total));
    assertEquals(source.pipe.statistics().lost, 0);
  });

  test("a signal that was given before ends run after one drain", async () => {
    using source = open({ wakeupEvents: 1000 });
    const seen = noteSequences(source.pipe);
    source.emit({ count: 3 });
    assertEquals(await source.pipe.run({ signal: AbortSignal.abort() }), 0);
    assertEquals(seen, [0, 1, 2]);
  });

  test("a signal ends run while no event comes", async () => {
    using source = open();
    const ended = new AbortController();
    const running = source.pipe.run({ signal: ended.signal });
    ended.abort();
    assertEquals(await running, 0);
    assertEquals(source.pipe.poll(0), 0, "the pipe is still open");
  });

  test("what a handler throws leaves run, and the pipe goes on behind it", async () => {
    using source = open();
    const seen = noteSequences(source.pipe, (count) => {
      if (count === 2) throw new URIError("the second");
    });
    source.emit({ count: 4 });
    let name = "nothing";
    try {
      await source.pipe.run();
    } catch (error) {
      name = (error as Error).name;
    }
    assertEquals(name, "URIError");
    source.pipe.poll(0);
    assertEquals(seen, range(0, 4));
  });

  test("closing during run ends it, and what is left is counted", async () => {
    using source = open({ wakeupEvents: 1000 });
    const { pipe } = source;
    const seen = noteSequences(pipe, () => pipe.close());
    source.emit({ count: 3 });
    assertEquals(await pipe.run(), 0);
    assertEquals(seen, [0]);
    assertEquals(pipe.statistics().left, 2);
    assertAccounted(pipe.statistics(), source.produced());
  });
}

/** The code or else the name of what a function throws. */
function caught(body: () => unknown): string {
  try {
    body();
  } catch (error) {
    return (error as { code?: string }).code ?? (error as Error).name;
  }
  return "nothing";
}

/** The payload of the events that say nothing else, for harnesses. */
export const DEFAULT_PAYLOAD_BYTES = PAYLOAD;
