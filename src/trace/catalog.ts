/**
 * The events of this kernel, as tracefs names them. Nothing is read before it is asked for, and a single event costs a
 * single file, so that tracing starts at once; only patterns and suggestions need the whole list.
 *
 * @module
 */

import { levenshteinDistance } from "@std/text/levenshtein-distance";
import { EventPipeError } from "../errors.ts";
import { type EventFormat, parseFormat } from "./format.ts";
import { globMatcher, isGlob } from "./glob.ts";
import { callName, functionNames, syscallNumbers } from "./syscalls.ts";
import { findTracefs, readTracefs } from "./tracefs.ts";

/** What the tracepoints of system calls begin with. */
export const ENTER = "syscalls:sys_enter_";
/** What the tracepoints of their ends begin with. */
export const EXIT = "syscalls:sys_exit_";

/** The tracepoints of a system call. */
export interface SyscallEvents {
  /** `syscalls:sys_enter_NAME`. */
  readonly enter: string;
  /** `syscalls:sys_exit_NAME`. */
  readonly exit: string;
}

/** The events of a kernel. */
export class Catalog {
  /** Where tracefs is mounted. */
  readonly tracefs: string;
  readonly #formats = new Map<string, EventFormat>();
  #events: readonly string[] | null = null;

  private constructor(tracefs: string) {
    this.tracefs = tracefs;
  }

  /**
   * Opens the catalog.
   *
   * @param tracefs Where tracefs is mounted; by default it is looked for.
   * @returns The catalog.
   * @throws {EventPipeError} `NOT_SUPPORTED` if tracefs is not mounted, `NOT_PERMITTED` if it may not be read.
   */
  static open(tracefs?: string): Catalog {
    return new Catalog(findTracefs(tracefs));
  }

  /**
   * All events, as `category:name`. Folders of tracefs that are no events, such as `ftrace:print`, are not among them.
   *
   * @returns The names in the kernel's order.
   * @throws {EventPipeError} If the list cannot be read.
   */
  events(): readonly string[] {
    this.#events ??= (readTracefs(`${this.tracefs}/available_events`) ?? "").split("\n").filter((line) =>
      line !== ""
    );
    return this.#events;
  }

  /**
   * Whether there is an event.
   *
   * @param name `category:name`.
   * @returns True if there is.
   * @throws {EventPipeError} `NOT_PERMITTED` if tracefs may not be read.
   */
  has(name: string): boolean {
    return this.#events === null ? this.#read(name, "id") !== null : this.#events.includes(name);
  }

  /**
   * The events a pattern matches.
   *
   * @param pattern `category:name` with `*`, `?` and `[...]` in both; without a colon, what category or name match.
   * @returns The names in the kernel's order; none if nothing matches.
   * @throws {RangeError} If the pattern makes no sense.
   * @throws {EventPipeError} If tracefs may not be read.
   */
  match(pattern: string): string[] {
    const [category = "", name] = splitName(pattern);
    if (name === null) {
      const matches = globMatcher(category);
      return this.events().filter((event) => splitName(event).some((part) => matches(part ?? "")));
    }
    if (!isGlob(pattern)) return this.has(pattern) ? [pattern] : [];
    const matchesCategory = globMatcher(category);
    const matchesName = globMatcher(name);
    return this.events().filter((event) => {
      const [category, name] = splitName(event);
      return matchesCategory(category) && matchesName(name ?? "");
    });
  }

  /**
   * The format of an event.
   *
   * @param name `category:name`.
   * @returns The format; the same object at every call.
   * @throws {EventPipeError} `NOT_FOUND` if there is no such event, `NOT_PERMITTED` if tracefs may not be read.
   * @throws {SyntaxError} If the kernel writes something unknown.
   */
  format(name: string): EventFormat {
    let format = this.#formats.get(name);
    if (format === undefined) {
      const text = this.#read(name, "format");
      if (text === null) throw this.unknown(name);
      format = parseFormat(text);
      this.#formats.set(name, format);
    }
    return format;
  }

  /**
   * The number of an event, by which records and `perf_event_open` know it until the machine boots again.
   *
   * @param name `category:name`.
   * @returns The number.
   * @throws {EventPipeError} `NOT_FOUND` if there is no such event, `NOT_PERMITTED` if tracefs may not be read.
   */
  id(name: string): number {
    const text = this.#read(name, "id");
    if (text === null) throw this.unknown(name);
    return Number(text);
  }

  /**
   * The name that was meant, perhaps.
   *
   * @param name What is no event and no system call.
   * @returns The closest event or, without a colon, system call; null if none has anything in common with it.
   */
  suggest(name: string): string | null {
    if (name.includes(":")) return nearest(name, this.events().map((event) => [event, event]));
    const events = this.events().map((event) => [splitName(event)[1] ?? "", event] as const);
    const calls = this.syscallNames().map((call) => [call, call] as const);
    return nearest(name, [...calls, ...events]);
  }

  /**
   * Makes the error for a name that is no event and no system call, or a pattern that matches none.
   *
   * @param name The name or the pattern.
   * @returns The error, `NOT_FOUND`, to be thrown by the caller.
   */
  unknown(name: string): EventPipeError {
    const what = name.includes(":") ? "event" : "system call";
    const list = "--list names all events";
    if (isGlob(name)) {
      return new EventPipeError(`There is no ${what} that matches ${name}; ${list}`, "NOT_FOUND");
    }
    const near = this.suggest(name);
    const advice = near === null ? list : `did you mean ${near}? ${list}`;
    return new EventPipeError(`There is no ${what} ${name}; ${advice}`, "NOT_FOUND");
  }

  /**
   * The system calls that have tracepoints here.
   *
   * @returns Their names as <asm/unistd.h> has them, in the kernel's order.
   */
  syscallNames(): string[] {
    return this.events()
      .filter((event) => event.startsWith(ENTER))
      .map((event) => callName(event.slice(ENTER.length)));
  }

  /**
   * The system calls a name or a pattern stands for.
   *
   * @param pattern A name, as <asm/unistd.h> or as the kernel has it, or a pattern for such names.
   * @returns Their names as <asm/unistd.h> has them; none if there is no such call.
   * @throws {RangeError} If the pattern makes no sense.
   */
  matchSyscalls(pattern: string): string[] {
    if (!isGlob(pattern)) return this.syscallEvents(pattern) === null ? [] : [callName(pattern)];
    const matches = globMatcher(pattern);
    return this.syscallNames().filter((call) => functionNames(call).some(matches));
  }

  /**
   * The tracepoints of a system call.
   *
   * @param name Its name, as <asm/unistd.h> or as the kernel has it.
   * @returns The tracepoints, or null if there are none.
   */
  syscallEvents(name: string): SyscallEvents | null {
    const found = functionNames(name).find((each) => this.has(`${ENTER}${each}`));
    return found === undefined ? null : { enter: `${ENTER}${found}`, exit: `${EXIT}${found}` };
  }

  /**
   * The number of a system call on this machine.
   *
   * @param name Its name, as <asm/unistd.h> or as the kernel has it, or the name of one of its tracepoints.
   * @returns The number.
   * @throws {EventPipeError} `NOT_FOUND` if no such call is known.
   */
  syscallNumber(name: string): number {
    const bare = name.replace(/^syscalls:sys_(?:enter|exit)_/, "");
    const number = syscallNumbers().get(callName(bare));
    if (number === undefined) {
      throw new EventPipeError(`Cannot tell the number of system call ${bare}: it is not known`, "NOT_FOUND");
    }
    return number;
  }

  /** A file of an event; null if there is no such event. */
  #read(event: string, file: "id" | "format"): string | null {
    const [category, name] = splitName(event);
    // Folders in ftrace/ are the kernel's own records, and a name with a slash leads elsewhere.
    if (category === "ftrace" || !isPlain(category) || !isPlain(name ?? "")) return null;
    return readTracefs(`${this.tracefs}/events/${category}/${name}/${file}`);
  }
}

function splitName(event: string): [string, string | null] {
  const colon = event.indexOf(":");
  return colon < 0 ? [event, null] : [event.slice(0, colon), event.slice(colon + 1)];
}

function isPlain(name: string): boolean {
  return /^[\w-]+$/.test(name);
}

/** Of pairs of a text and its name, the name whose text is nearest; null if every letter of all would have to change. */
function nearest(text: string, names: readonly (readonly [string, string])[]): string | null {
  let found: string | null = null;
  // The bound is exclusive, so the first of equals stays.
  let limit = text.length;
  for (const [each, name] of names) {
    if (Math.abs(each.length - text.length) >= limit) continue;
    const distance = levenshteinDistance(text.toLowerCase(), each.toLowerCase());
    if (distance < limit) {
      found = name;
      limit = distance;
    }
  }
  return found;
}
