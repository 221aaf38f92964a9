/**
 * The steps of a random program, and how one is done on a system. They are the operations of the scenario format with
 * masks as numbers; a program that finds something is written down in that format.
 *
 * @module
 */

import {
  EFD_SEMAPHORE,
  EPOLL_CTL_ADD,
  EPOLL_CTL_DEL,
  EPOLL_CTL_MOD,
  formatMask,
} from "../../../src/eventpoll/events.ts";
import type { EpollEvent, EpollSystem } from "../../../src/eventpoll/system.ts";

/** One step. Files have names; `#` in front of a number stands for the number itself. */
export type Step =
  | { readonly do: "epoll"; readonly name: string }
  | { readonly do: "pipe"; readonly name: string; readonly peer: string; readonly slots: number }
  | { readonly do: "eventfd"; readonly name: string; readonly init: number; readonly isSemaphore: boolean }
  | { readonly do: "pair"; readonly name: string; readonly peer: string }
  | { readonly do: "file"; readonly name: string }
  | { readonly do: "dup"; readonly name: string; readonly of: string }
  | { readonly do: "dup2"; readonly name: string; readonly of: string }
  | { readonly do: "close"; readonly name: string }
  | {
    readonly do: "ctl";
    readonly op: number;
    readonly ep: string;
    readonly name: string;
    /** Null is the null pointer. */
    readonly events: number | null;
    readonly data: number;
  }
  | { readonly do: "wait"; readonly ep: string; readonly maxevents: number; readonly hasBuffer: boolean }
  | { readonly do: "poll"; readonly name: string; readonly events: number }
  | { readonly do: "write"; readonly name: string; readonly count: number | string }
  | { readonly do: "read"; readonly name: string; readonly count: number }
  | { readonly do: "shutdown"; readonly name: string; readonly how: number }
  | { readonly do: "info"; readonly ep: string };

/** A step that starts a sleeper. */
export type SleeperStep =
  | { readonly do: "go"; readonly sleeper: string; readonly ep: string; readonly maxevents: number }
  | { readonly do: "gopoll"; readonly sleeper: string; readonly name: string; readonly events: number };

/** What kind of file a name stands for. */
export type Kind = "epoll" | "reader" | "writer" | "eventfd" | "socket" | "file";

/** A watch by the name of its file. */
export type InfoRow = readonly [name: string, events: number, data: bigint];

/** What a step came to: a number, the name of an error, events in their order, watches. */
export type Outcome = number | bigint | string | readonly EpollEvent[] | readonly InfoRow[];

/** Where the names of a program lead in one system. */
export interface Names {
  /**
   * The number of a name.
   *
   * @param name The name, open or closed.
   * @returns The number.
   */
  number(name: string): number;

  /**
   * What kind of file an open name stands for.
   *
   * @param name The name.
   * @returns The kind.
   */
  kind(name: string): Kind;

  /**
   * The name of a number, the last one that was given it.
   *
   * @param fd The number.
   * @returns The name.
   */
  nameOf(fd: number): string;

  /**
   * Notes what numbers were made.
   *
   * @param name The name.
   * @param fd The number.
   */
  set(name: string, fd: number): void;
}

/** The largest size of a write or read. */
export const MAX_BYTES = 16_384;

const bytes = new Uint8Array(MAX_BYTES);
const counter = new Uint8Array(8);
const counterValue = new DataView(counter.buffer);

/**
 * Does a step.
 *
 * @param system The system.
 * @param names Where names lead there.
 * @param step The step. All names in it are known; what is written to, read from or shut down is open.
 * @returns What it came to. What makes files and succeeds comes to 0.
 */
export function execute(system: EpollSystem, names: Names, step: Step): Outcome {
  try {
    return call(system, names, step);
  } catch (error) {
    const code = (error as { code?: unknown }).code;
    if (typeof code !== "string" || !/^E[A-Z0-9]+$/.test(code)) throw error;
    return code;
  }
}

function call(system: EpollSystem, names: Names, step: Step): Outcome {
  switch (step.do) {
    case "epoll":
      names.set(step.name, system.epoll_create1(0));
      return 0;
    case "pipe": {
      const [reader, writer] = system.pipe(step.slots);
      names.set(step.name, reader);
      names.set(step.peer, writer);
      return 0;
    }
    case "eventfd":
      names.set(step.name, system.eventfd(step.init, step.isSemaphore ? EFD_SEMAPHORE : 0));
      return 0;
    case "pair": {
      const [one, other] = system.socketpair();
      names.set(step.name, one);
      names.set(step.peer, other);
      return 0;
    }
    case "file":
      names.set(step.name, system.openFile());
      return 0;
    case "dup":
      names.set(step.name, system.dup(names.number(step.of)));
      return 0;
    case "dup2":
      system.dup2(names.number(step.of), names.number(step.name));
      return 0;
    case "close":
      system.close(names.number(step.name));
      return 0;
    case "ctl": {
      const event = step.events === null ? null : { events: step.events, data: BigInt(step.data) };
      system.epoll_ctl(names.number(step.ep), step.op, names.number(step.name), event);
      return 0;
    }
    case "wait":
      return system.epoll_wait(names.number(step.ep), step.maxevents, 0, step.hasBuffer);
    case "poll":
      return system.poll(names.number(step.name), step.events);
    case "write":
      if (names.kind(step.name) !== "eventfd") {
        return system.write(names.number(step.name), bytes.subarray(0, Number(step.count)));
      }
      counterValue.setBigUint64(0, BigInt(step.count), true);
      return system.write(names.number(step.name), counter);
    case "read":
      if (names.kind(step.name) !== "eventfd") {
        return system.read(names.number(step.name), bytes.subarray(0, step.count));
      }
      system.read(names.number(step.name), counter);
      return counterValue.getBigUint64(0, true);
    case "shutdown":
      system.shutdown(names.number(step.name), step.how);
      return 0;
    case "info": {
      const watches = system.watches(names.number(step.ep));
      return watches.map(({ fd, events, data }) => [names.nameOf(fd), events, data] as const).sort(
        compareRows,
      );
    }
  }
}

function compareRows(a: InfoRow, b: InfoRow): number {
  if (a[0] !== b[0]) return a[0] < b[0] ? -1 : 1;
  return a[1] !== b[1] ? a[1] - b[1] : Number(a[2] - b[2]);
}

/**
 * Whether two systems came to the same.
 *
 * @param a What one came to.
 * @param b What the other came to.
 * @returns Whether they are equal, with the order of events.
 */
export function isSame(a: Outcome, b: Outcome): boolean {
  if (typeof a !== "object" || typeof b !== "object") return a === b;
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) {
    const left = a[i]!;
    const right = b[i]!;
    if ("events" in left && "events" in right) {
      if (left.events !== right.events || left.data !== right.data) return false;
    } else if (String(left) !== String(right)) return false;
  }
  return true;
}

/** What the scenario format consists of. */
export type ScenarioJson = string | number | boolean | null | readonly ScenarioJson[] | {
  readonly [key: string]: ScenarioJson;
};

const OP_NAMES: ReadonlyMap<number, string> = new Map([
  [EPOLL_CTL_ADD, "add"],
  [EPOLL_CTL_MOD, "mod"],
  [EPOLL_CTL_DEL, "del"],
]);

const SHUTDOWNS = ["RD", "WR", "RDWR"];

/**
 * Writes a step in the scenario format.
 *
 * @param step The step.
 * @returns The operation and its arguments.
 */
export function toOperation(step: Step | SleeperStep): ScenarioJson {
  switch (step.do) {
    case "epoll":
    case "file":
    case "close":
      return [step.do, step.name];
    case "pipe":
      return ["pipe", step.name, step.peer, step.slots];
    case "eventfd":
      return ["eventfd", step.name, step.init, step.isSemaphore ? 1 : 0];
    case "pair":
      return ["pair", step.name, step.peer];
    case "dup":
    case "dup2":
      return [step.do, step.name, step.of];
    case "ctl":
      return toCtl(step);
    case "wait":
      return ["wait", step.ep, step.maxevents, 0, ...(step.hasBuffer ? [] : ["null"])];
    case "poll":
      return ["poll", step.name, formatMask(step.events)];
    case "write":
    case "read":
      return [step.do, step.name, step.count];
    case "shutdown":
      return ["shutdown", step.name, SHUTDOWNS[step.how]!];
    case "info":
      return ["info", step.ep];
    case "go":
      return ["go", step.sleeper, step.ep, step.maxevents];
    case "gopoll":
      return ["gopoll", step.sleeper, step.name, formatMask(step.events)];
  }
}

function toCtl({ op, ep, name, events, data }: Step & { do: "ctl" }): ScenarioJson {
  const known = OP_NAMES.get(op);
  const mask = events === null ? null : formatMask(events);
  if (known === undefined) return ["ctl", op, ep, name, mask, data];
  return known === "del" ? ["del", ep, name] : [known, ep, name, mask, data];
}

/**
 * Writes what a step came to in the scenario format.
 *
 * @param step The step.
 * @param outcome What it came to.
 * @returns What stands under `want`.
 */
export function toWant(step: Step, outcome: Outcome): ScenarioJson {
  if (typeof outcome === "string") return outcome;
  if (typeof outcome === "number") return step.do === "poll" ? formatMask(outcome) : outcome;
  if (typeof outcome === "bigint") return toNumber(outcome);
  return outcome.map((each) =>
    "events" in each
      ? [toNumber(each.data), formatMask(each.events)]
      : [each[0], formatMask(each[1]), toNumber(each[2])]
  );
}

/** Numbers above 2^53 are written in hex. */
function toNumber(value: bigint): number | string {
  return value <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(value) : `0x${value.toString(16)}`;
}
