/**
 * Tells the steps of the model in sentences, with the names that a scenario gives its files.
 *
 * @module
 */

import { EP_PRIVATE_BITS } from "../../eventpoll/bits.ts";
import { formatMask } from "../../eventpoll/events.ts";
import type { ModelSystem } from "../../eventpoll/model.ts";
import type { Outcome, ScenarioRun } from "../../eventpoll/run_scenario.ts";
import type { Json } from "../../eventpoll/scenario.ts";
import type { ModelSleeper } from "../../eventpoll/sleeper.ts";
import type { EpollEvent } from "../../eventpoll/system.ts";
import type { SleepStep, TracedWatch, TraceStep, WatchStep } from "../../eventpoll/trace.ts";
import type { WatchState } from "../../eventpoll/why.ts";

/** So many watches that were not reported are told of one by one. */
const MAX_TOLD = 12;

/** Names for what steps call by number. */
interface Names {
  /** A file, an epoll among them. */
  file(ino: number): string;
  /** A watched file, by the number it was added under. */
  watched(ino: number, fd: number): string;
  /** A sleeper. */
  sleeper(pid: number): string;
}

/** Collects the steps of one model between two calls of a scenario. */
export class Narrator {
  readonly #system: ModelSystem;
  readonly #steps: TraceStep[] = [];
  /** The first name of each file: its others come and go. */
  readonly #names = new Map<number, string>();
  /** The epoll in which each waiter sleeps. */
  readonly #epollOf = new Map<Json, Json>();

  /** @param system The model, which must not have been used yet. */
  constructor(system: ModelSystem) {
    this.#system = system;
    system.trace((step) => void this.#steps.push(step));
  }

  /**
   * Tells what happened in a call of the scenario.
   *
   * @param outcome The call and its result.
   * @param run The scenario's run.
   * @returns A line for each thing that happened, and behind a wait for each watch that was not reported.
   */
  tell(outcome: Outcome, run: ScenarioRun): string[] {
    for (const fd of run.numbers.values()) {
      const ino = this.#system.files.get(fd)?.ino;
      if (ino !== undefined && !this.#names.has(ino)) this.#names.set(ino, run.nameOf(fd));
    }
    const names = this.#namesIn(run);
    const lines = this.#steps.splice(0).map((step) => tellStep(step, names));
    return [...lines, ...this.#tellUnreported(outcome, run, names)];
  }

  #namesIn(run: ScenarioRun): Names {
    const file = (ino: number): string => this.#names.get(ino) ?? `file ${ino}`;
    return {
      file,
      watched: (ino, fd): string => {
        const isOpen = this.#system.files.get(fd)?.ino === ino;
        return isOpen ? run.nameOf(fd) : `${file(ino)} (by its old number ${fd})`;
      },
      sleeper(pid): string {
        for (const [name, sleeper] of run.sleepers) {
          if ((sleeper as ModelSleeper<unknown>).pid === pid) return name;
        }
        return "the caller";
      },
    };
  }

  /** Behind a wait, or behind a look at one that goes on: why each watch that is not among the events is not. */
  #tellUnreported({ step, got }: Outcome, run: ScenarioRun, names: Names): string[] {
    const { op, args } = step;
    if (op === "go") this.#epollOf.set(args[0]!, args[1]!);
    const isBlocked = op === "got" && got === "blocked";
    if (op !== "wait" && op !== "timed" && !isBlocked) return [];
    const epoll = isBlocked ? this.#epollOf.get(args[0]!) : args[0];
    const events = isBlocked ? [] : op === "timed" && Array.isArray(got) ? got[0] : got;
    const epfd = run.numbers.get(epoll as string);
    if (!Array.isArray(events) || epfd === undefined || this.#system.files.get(epfd) === undefined) return [];
    const reported = new Set(events.map((event) => JSON.stringify(Array.isArray(event) ? event[0] : event)));
    const silent = this.#system.explain(epfd).filter(({ data }) => !reported.has(dataText(data)));
    const lines = silent.slice(0, MAX_TOLD).map((state) =>
      `not reported: ${names.watched(state.file, state.fd)}, ${tellWhy(state)}`
    );
    return silent.length > MAX_TOLD ? [...lines, `not reported: ${silent.length - MAX_TOLD} more`] : lines;
  }
}

/** Data as it stands in a scenario's JSON. */
function dataText(data: EpollEvent["data"]): string {
  return data <= BigInt(Number.MAX_SAFE_INTEGER) ? String(data) : `"0x${data.toString(16)}"`;
}

function tellStep(step: TraceStep, names: Names): string {
  return "file" in step ? tellWatch(step, names) : tellSleep(step, names);
}

function tellWatch(step: TracedWatch & WatchStep, names: Names): string {
  const epoll = names.file(step.epoll);
  const file = names.watched(step.file, step.fd);
  switch (step.step) {
    case "insert":
      return `${epoll} watches ${file} for ${formatMask(step.events)}; ${tellReady(step.ready)}`;
    case "modify":
      return `${epoll} now watches ${file} for ${formatMask(step.events)}; ${tellReady(step.ready)}`;
    case "remove":
      return `${epoll} watches ${names.file(step.file)} no more`;
    case "callback":
      return `${file} wakes ${epoll}: ${
        step.key === 0 ? "anything may have happened" : formatMask(step.key)
      }`;
    case "ignore":
      return `  ${IGNORED[step.why]}`;
    case "queue":
      return step.list === "rdllist"
        ? `  ${file} is queued at the tail of ${epoll}'s ready list`
        : `  ${file} is put on ${epoll}'s overflow list, since the ready list is being scanned`;
    case "requeue":
      return `the scan of ${epoll} is over: ${file} moves from the overflow list to the head of the ready list`;
    case "absorb":
      return `  ${epoll} has a sleeper and takes the wake-up: exclusive watches behind this one hear nothing of it`;
    case "deliver":
      return `${file} has ${formatMask(step.events)}: reported to ${epoll}`;
    case "prune":
      return `${file} has none of its events any more: off ${epoll}'s ready list, and nothing reported`;
    case "spend":
      return `  one-shot: ${file} stays silent until it is modified`;
    case "put back":
      return step.why === "level"
        ? `  level-triggered: ${file} goes back to the tail of the ready list`
        : `  it could not be written: ${file} goes back to the head of the ready list`;
  }
}

const IGNORED = {
  spent: "ignored: it is one-shot and has reported",
  key: "ignored: the wake-up is for other events than it watches for",
  linked: "it is queued already and keeps its place",
} as const;

function tellReady(ready: number): string {
  return ready === 0 ? "it has none of these now" : `it has ${formatMask(ready)} now`;
}

function tellSleep(step: SleepStep, names: Names): string {
  const epoll = names.file(step.epoll);
  switch (step.step) {
    case "sleep": {
      const limit = step.timeoutMs < 0 ? "" : ` for ${step.timeoutMs} ms at the longest`;
      return `nothing is ready: ${names.sleeper(step.pid)} sleeps in ${epoll}${limit}`;
    }
    case "wake":
      return `  ${names.sleeper(step.pid)} is woken from its sleep in ${epoll}`;
    case "timeout":
      return step.harvests
        ? `the time of ${names.sleeper(step.pid)} is over, but it was woken as well: it looks once more`
        : `the time of ${names.sleeper(step.pid)} is over`;
    case "forward":
      return `  ${epoll} has something now, and wakes those who watch it`;
  }
}

function tellWhy({ why, has, events }: WatchState): string {
  switch (why) {
    case "ready":
      return `it is queued for the next wait with ${formatMask(has)}`;
    case "no event":
      return `it has none of ${formatMask(events & ~EP_PRIVATE_BITS)}`;
    case "spent":
      return "it is one-shot and has reported; modify it to set it again";
    case "edge":
      return `it has ${
        formatMask(has)
      }, but is edge-triggered and nothing woke it since it was last looked at`;
    case "exclusive":
      return `it has ${formatMask(has)}, but another exclusive watch took the wake-up`;
    case "no wake-up":
      return `it has ${formatMask(has)}, but an epoll wakes for IN alone, and that is not watched for`;
    case "unknown":
      return "and asking whether it has anything would take the answer away";
  }
}
