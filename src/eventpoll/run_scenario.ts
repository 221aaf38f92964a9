/**
 * Runs scenarios on an epoll system and compares what comes back.
 *
 * @module
 */

import { EpollError } from "./errors.ts";
import {
  EFD_SEMAPHORE,
  EPOLL_CTL_ADD,
  EPOLL_CTL_DEL,
  EPOLL_CTL_MOD,
  formatMask,
  SHUT_RD,
  SHUT_RDWR,
  SHUT_WR,
} from "./events.ts";
import { type Json, parseMaskValue, parseU64, type Scenario, type Step } from "./scenario.ts";
import type { EpollEvent, EpollSystem, Need, Sleeper } from "./system.ts";

/** What a step has returned. */
export interface Outcome {
  /** The step. */
  readonly step: Step;
  /** What it returned; the name of the error if it failed. */
  readonly got: Json;
  /** Whether it failed. */
  readonly isError: boolean;
}

/** Hears of what happens while a scenario is run. */
export interface ScenarioListener {
  /**
   * Hears that a step is about to be run.
   *
   * @param step The step.
   * @param run What knows the names.
   */
  before?(step: Step, run: ScenarioRun): void;

  /**
   * Hears what a step has returned.
   *
   * @param outcome The step and its result.
   * @param run What knows the names.
   */
  after?(outcome: Outcome, run: ScenarioRun): void;
}

const NEEDS: ReadonlySet<string> = new Set<Need>(["sleepers", "pair", "poll", "info", "many-fds", "quota"]);
const OPERATIONS: Readonly<Record<string, number>> = {
  ADD: EPOLL_CTL_ADD,
  DEL: EPOLL_CTL_DEL,
  MOD: EPOLL_CTL_MOD,
};
const DIRECTIONS: Readonly<Record<string, number>> = { RD: SHUT_RD, WR: SHUT_WR, RDWR: SHUT_RDWR };
/** As many events as a sleeper has room for unless its step says. */
const SLEEPER_MAXEVENTS = 16;
const U64_BYTES = 8;

/**
 * Says what a system lacks for a scenario.
 *
 * @param system The system.
 * @param scenario The scenario.
 * @returns Why it cannot run it, as a clause; null if it can.
 */
export function missingFor(system: EpollSystem, scenario: Scenario): string | null {
  for (const need of scenario.needs) {
    const missing = NEEDS.has(need) ? system.lacks(need as Need) : `nobody here knows what "${need}" is`;
    if (missing !== null) return missing;
  }
  return null;
}

/**
 * Runs a scenario. It ends early behind a step that was to succeed and did not.
 *
 * @param system A system that nothing else uses; to be disposed of by the caller.
 * @param scenario The scenario.
 * @param listener Hears of each step.
 * @returns The steps that returned something else than they were to.
 */
export async function runScenario(
  system: EpollSystem,
  scenario: Scenario,
  listener: ScenarioListener = {},
): Promise<Outcome[]> {
  const run = new ScenarioRun(system);
  const failures: Outcome[] = [];
  for (const step of scenario.steps) {
    listener.before?.(step, run);
    const outcome = await run.execute(step);
    listener.after?.(outcome, run);
    if (isAsWanted(outcome)) continue;
    failures.push(outcome);
    if (step.want === undefined) break;
  }
  return failures;
}

/**
 * Compares what a step returned with what it was to return. Masks and data are compared by value, however they are written,
 * and watches in any order.
 *
 * @param outcome The step and its result.
 * @returns Whether it is as wanted; a step without `want` must not fail.
 */
export function isAsWanted({ step, got, isError }: Outcome): boolean {
  if (step.want === undefined) return !isError;
  const [wanted, found] = [step.want, got].map((value) => {
    const plain = normalize(step.op, value);
    const isUnordered = step.isSet || step.op === "info";
    return isUnordered && Array.isArray(plain) ? plain.map((each) => JSON.stringify(each)).sort() : plain;
  });
  return JSON.stringify(wanted) === JSON.stringify(found);
}

/** Runs steps one after the other, and knows the names they have given. */
export class ScenarioRun {
  /** The numbers of names, those that were closed among them. */
  readonly numbers: Map<string, number> = new Map();
  /** The sleepers of names. */
  readonly sleepers: Map<string, Sleeper<EpollEvent[] | number>> = new Map();
  readonly #system: EpollSystem;
  /** Names whose files are counters: their reads and writes carry a value, not bytes. */
  readonly #counters = new Set<string>();

  /** @param system The system. */
  constructor(system: EpollSystem) {
    this.#system = system;
  }

  /**
   * Runs a step.
   *
   * @param step The step.
   * @returns What it returned. What it threw beside errors of calls is its result too, as text.
   */
  async execute(step: Step): Promise<Outcome> {
    try {
      return { step, got: await this.#run(step.op, step.args), isError: false };
    } catch (error) {
      const got = error instanceof EpollError ? error.code : `threw ${error}`;
      return { step, got, isError: true };
    }
  }

  /**
   * The name of a number: of those that have it, the one that was given it last.
   *
   * @param fd The number.
   * @returns The name; `#` and the number if it has none.
   */
  nameOf(fd: number): string {
    let found = `#${fd}`;
    for (const [name, number] of this.numbers) if (number === fd) found = name;
    return found;
  }

  #run(op: string, args: readonly Json[]): Json | Promise<Json> {
    const system = this.#system;
    const [first, second, third, fourth] = args;
    switch (op) {
      case "epoll":
        return this.#give([first], [system.epoll_create1(intOf(second, 0))]);
      case "epollold":
        return this.#give([first], [system.epoll_create(intOf(second, 0))]);
      case "pipe":
        return this.#give([first, second], system.pipe(third === undefined ? undefined : intOf(third, 0)));
      case "eventfd":
        return this.#giveCounter(first!, Number(u64Of(second)), third === 1 ? EFD_SEMAPHORE : 0);
      case "pair":
        return this.#give([first, second], system.socketpair());
      case "file":
        return this.#give([first], [system.openFile()]);
      case "dir":
        return this.#give([first], [system.openDirectory()]);
      case "dup":
        this.#give([first], [system.dup(this.#fd(second))]);
        return this.#shareKind(second!, first!);
      case "dup2":
        system.dup2(this.#fd(second), this.#fd(first));
        return this.#shareKind(second!, first!);
      case "close":
        return done(system.close(this.#fd(first)));
      case "write":
        return this.#write(first!, u64Of(second));
      case "read":
        return this.#read(first!, Number(u64Of(second ?? U64_BYTES)));
      case "shutdown":
        return done(system.shutdown(this.#fd(first), DIRECTIONS[second as string]!));
      case "add":
        return this.#ctl(EPOLL_CTL_ADD, first, second, third, fourth);
      case "mod":
        return this.#ctl(EPOLL_CTL_MOD, first, second, third, fourth);
      case "del":
        return this.#ctl(EPOLL_CTL_DEL, first, second, null, undefined);
      case "ctl":
        return this.#ctl(
          OPERATIONS[first as string] ?? intOf(first, 0),
          second,
          third,
          fourth ?? null,
          args[4],
        );
      default:
        return this.#ask(op, args);
    }
  }

  /** The operations that change nothing, and those of sleepers. */
  async #ask(op: string, args: readonly Json[]): Promise<Json> {
    const system = this.#system;
    const [first, second, third, fourth] = args;
    switch (op) {
      case "wait": {
        const hasBuffer = fourth !== "null";
        return showEvents(system.epoll_wait(this.#fd(first), intOf(second, 0), intOf(third, 0), hasBuffer));
      }
      case "timed": {
        const start = system.now();
        const timeoutMs = intOf(third, 0);
        const events = system.epoll_wait(this.#fd(first), intOf(second, 0), timeoutMs);
        return [showEvents(events), system.now() - start >= timeoutMs];
      }
      case "poll":
        return formatMask(system.poll(this.#fd(first), parseMaskValue(second!)!));
      case "info":
        return this.#showWatches(this.#fd(first));
      case "cloexec":
        return system.isCloseOnExec(this.#fd(first));
      case "quota":
        await system.leaveWatches(Number(u64Of(first)));
        return 0;
      case "go": {
        const maxevents = intOf(third, SLEEPER_MAXEVENTS);
        return await this.#sleep(first!, system.sleepInWait(this.#fd(second), maxevents, intOf(fourth, -1)));
      }
      case "gopoll":
        return await this.#sleep(first!, system.sleepInPoll(this.#fd(second), parseMaskValue(third!)!));
      case "got":
        await system.settle();
        return showResult(this.sleepers.get(first as string)!.result);
      case "finished":
        await system.settle();
        return args.filter((name) => this.sleepers.get(name as string)!.result !== undefined).length;
      default:
        throw new TypeError(`Cannot run a step: there is no operation "${op}"`);
    }
  }

  #fd(name: Json | undefined): number {
    const text = name as string;
    if (text.startsWith("#")) return Number(text.slice(1));
    return this.numbers.get(text) ?? fail(text);
  }

  #give(names: readonly (Json | undefined)[], fds: readonly number[]): number {
    for (const [index, fd] of fds.entries()) {
      const name = names[index] as string;
      this.numbers.delete(name); // so that it is the last one in order
      this.numbers.set(name, fd);
      this.#counters.delete(name);
    }
    return 0;
  }

  #giveCounter(name: Json, initval: number, flags: number): number {
    this.#give([name], [this.#system.eventfd(initval, flags)]);
    this.#counters.add(name as string);
    return 0;
  }

  #shareKind(from: Json, to: Json): number {
    if (this.#counters.has(from as string)) this.#counters.add(to as string);
    else this.#counters.delete(to as string);
    return 0;
  }

  #ctl(
    op: number,
    epfd: Json | undefined,
    fd: Json | undefined,
    mask: Json | undefined,
    data: Json | undefined,
  ): number {
    const event = mask === null ? null : { events: parseMaskValue(mask!)!, data: u64Of(data) };
    return done(this.#system.epoll_ctl(this.#fd(epfd), op, this.#fd(fd), event));
  }

  #write(name: Json, count: bigint): number {
    const isCounter = this.#counters.has(name as string);
    const bytes = isCounter ? new Uint8Array(BigUint64Array.of(count).buffer) : new Uint8Array(Number(count));
    return this.#system.write(this.#fd(name), bytes);
  }

  #read(name: Json, count: number): Json {
    if (!this.#counters.has(name as string)) return this.#system.read(this.#fd(name), new Uint8Array(count));
    const word = new BigUint64Array(1);
    this.#system.read(this.#fd(name), new Uint8Array(word.buffer));
    return showU64(word[0]!);
  }

  #showWatches(epfd: number): Json {
    return this.#system.watches(epfd)
      .map(({ fd, events, data }): Json => [this.nameOf(fd), formatMask(events), showU64(data)])
      .sort((a, b) => JSON.stringify(a) < JSON.stringify(b) ? -1 : 1);
  }

  async #sleep(name: Json, sleeper: Sleeper<EpollEvent[] | number>): Promise<number> {
    this.sleepers.set(name as string, sleeper);
    await sleeper.asleep();
    return 0;
  }
}

/** A call that returns nothing has succeeded. */
function done(_nothing: void): number {
  return 0;
}

function fail(name: string): never {
  throw new EpollError(`making "${name}"`, "EBADF");
}

function intOf(value: Json | undefined, absent: number): number {
  return value === undefined ? absent : value as number;
}

function u64Of(value: Json | undefined): bigint {
  return value === undefined ? 0n : parseU64(value)!;
}

function showU64(value: bigint): Json {
  return value <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(value) : `0x${value.toString(16)}`;
}

function showEvents(events: readonly EpollEvent[]): Json {
  return events.map(({ events: mask, data }) => [showU64(data), formatMask(mask)]);
}

function showResult(result: EpollEvent[] | number | EpollError | undefined): Json {
  if (result === undefined) return "blocked";
  if (result instanceof EpollError) throw result;
  return typeof result === "number" ? formatMask(result) : showEvents(result);
}

/** The one way to write a result, so that different ways to write the same are equal. */
function normalize(op: string, value: Json): Json {
  switch (op) {
    case "poll":
      return normalizeMask(value);
    case "read":
      return normalizeU64(value);
    case "wait":
      return normalizeEvents(value);
    case "got":
      return Array.isArray(value) ? normalizeEvents(value) : normalizeMask(value);
    case "timed":
      return Array.isArray(value) ? [normalizeEvents(value[0] ?? null), ...value.slice(1)] : value;
    case "info":
      return Array.isArray(value) ? value.map(normalizeWatch) : value;
    default:
      return value;
  }
}

function normalizeEvents(value: Json): Json {
  if (!Array.isArray(value)) return value;
  return value.map((event: Json) =>
    Array.isArray(event) && event.length === 2 ? [normalizeU64(event[0]), normalizeMask(event[1])] : event
  );
}

function normalizeWatch(value: Json): Json {
  if (!Array.isArray(value) || value.length !== 3) return value;
  return [value[0], normalizeMask(value[1]), normalizeU64(value[2])];
}

function normalizeMask(value: Json): Json {
  const mask = parseMaskValue(value);
  return mask === null ? value : formatMask(mask);
}

function normalizeU64(value: Json): Json {
  const number = parseU64(value);
  return number === null ? value : showU64(number);
}
