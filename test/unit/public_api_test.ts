/**
 * Wrong arguments of the whole public API. What can be called is found by reflection, so that nothing can be added without
 * a row in a table of wrong arguments, or a reason why it needs none. A wrong argument is an error that says what was tried
 * and names the argument; it leaves nothing open, and never reaches native code.
 */

import { assert, assertEquals, assertInstanceOf, assertStringIncludes } from "@std/assert";
import * as library from "../../mod.ts";
import * as epolls from "../../src/eventpoll/mod.ts";
import { BpfMap } from "../../src/object/bpf_map.ts";
import { BpfLink, BpfProgram } from "../../src/object/bpf_program.ts";
import { PinnedMap } from "../../src/object/pinned_map.ts";
import { EventView } from "../../src/pipe/event.ts";
import { PendingBatch } from "../../src/pipe/event_batch.ts";
import * as recordings from "../../src/record/mod.ts";
import { PerfWriter } from "../../src/ring/perf_writer.ts";
import * as tracer from "../../src/trace/mod.ts";
import { kernelTest } from "../kernel/_kernel.ts";
import { BESIDE_ROWS } from "./public_api/_beside.ts";
import { EPOLL_KERNEL_ROWS, EPOLL_ROWS } from "./public_api/_epoll.ts";
import { KERNEL_ROWS } from "./public_api/_kernel.ts";
import { MEMORY_ROWS } from "./public_api/_memory.ts";
import type { Row } from "./public_api/_rows.ts";

/** What is exported, and the classes whose objects callers get without being able to name them. */
const PUBLIC: Readonly<Record<string, unknown>> = {
  ...library,
  ...epolls,
  ...recordings,
  ...tracer,
  BpfLink,
  BpfMap,
  BpfProgram,
  Event: EventView,
  EventBatch: PendingBatch,
  PerfWriter,
  PinnedMap,
};

/** Why callables that take arguments have no rows. */
const REASONS: Readonly<Record<string, readonly string[]>> = {
  "only the library calls it: it is private, or of what the library makes, or not in the interface": [
    ..."BpfLink BpfMap BpfObject BpfProgram EventPipe MemorySource PerfSource PerfWriter PinnedMap".split(
      " ",
    ),
    ..."Recording Replay RingbufSource RingRecorder StopToken Trace TracepointSource".split(" "),
    ..."DamagedRecordingError EventPipeError LibraryError SyscallError VerifierError".split(" "),
    "EpollError",
    "Event",
    "EventBatch",
  ].map((name) => `new ${name}`).concat("Event.over", "Event#point", "EventBatch#add", "EventBatch#addAll"),
  "the pipe calls it, which has checked its own options": [
    "PerfSource#openScanner",
    "MemorySource#openScanner",
    "RingbufSource#openScanner",
    "RingRecorder#onScanned",
    "RingRecorder#onLeft",
  ],
  "it takes nothing": ["new LinuxSystem", "new WaitQueueHead"],
  "it answers to the names of its type, and to others that it lacks them": ["LinuxSystem#lacks"],
  "it makes a text of what a recording has told": ["endText"],
};

/** Everything that can be called, with the names that rows use. */
function callables(): Map<string, (...parameters: never[]) => unknown> {
  const found = new Map();
  for (const [name, value] of Object.entries(PUBLIC)) {
    if (/^(E[A-Z]+_|EPOLL|SHUT_)/.test(name) && typeof value === "number") continue; // a constant
    assert(typeof value === "function", `${name} is exported and no function`);
    if (!sourceOf(value).startsWith("class")) {
      found.set(name, value);
      continue;
    }
    found.set(`new ${name}`, value);
    for (const [key, each] of methodsOf(value)) found.set(`${name}.${key}`, each);
    for (const [key, each] of methodsOf(value.prototype)) found.set(`${name}#${key}`, each);
  }
  return found;
}

function methodsOf(object: object): [key: string, method: unknown][] {
  return Reflect.ownKeys(object).flatMap((key): [string, unknown][] => {
    const { value, set } = Object.getOwnPropertyDescriptor(object, key)!;
    assertEquals(set, undefined, `${String(key)} can be set: reflection does not look into that`);
    return typeof value === "function" && key !== "constructor" && key !== "prototype"
      ? [[String(key), value]]
      : [];
  });
}

function sourceOf(value: object): string {
  return Function.prototype.toString.call(value);
}

/** Whether a method or function names no parameter. `length` does not tell: it leaves out those with defaults. */
function takesNothing(callable: object): boolean {
  return /^[^(]*\(\s*\)\s*\{/.test(sourceOf(callable));
}

const ANYWHERE: readonly Row[] = [...MEMORY_ROWS, ...EPOLL_ROWS, ...BESIDE_ROWS];
const ON_THE_KERNEL: readonly Row[] = [...EPOLL_KERNEL_ROWS, ...KERNEL_ROWS];
const ROWS: readonly Row[] = [...ANYWHERE, ...ON_THE_KERNEL];

Deno.test("everything public that takes an argument has wrong ones in a table, or a reason why not", () => {
  const known = new Set([...ROWS.map(({ api }) => api), ...Object.values(REASONS).flat()]);
  const all = callables();
  const missing = [...all].filter(([name, callable]) => !known.has(name) && !takesNothing(callable));
  assertEquals(missing.map(([name]) => name), [], "no row and no reason");
  assertEquals([...known].filter((name) => !all.has(name)), [], "a row or a reason for what is not there");
});

/** What V8, Deno or Node say of a value that nobody has looked at. */
const UNEXPLAINED =
  /Cannot (read prop|destructure|convert|mix|perform|access|assign|set prop)|is not (a |an |iterable)|FFI|Bad resource/;

async function assertRefused(
  { api, parameter, says = parameter, error, call }: Row,
  value: unknown,
): Promise<void> {
  const what = `${api}, ${parameter}: ${Deno.inspect(value, { depth: 2, iterableLimit: 8 })}`;
  let thrown: unknown;
  let result: unknown;
  try {
    result = await call(value);
  } catch (caught) {
    thrown = caught;
  }
  assert(thrown !== undefined, `taken: ${what} gave ${Deno.inspect(result, { depth: 0 })}`);
  assertInstanceOf(thrown, error, what);
  const { message } = thrown as Error;
  assert(message.startsWith("Cannot ") && !UNEXPLAINED.test(message), `${what} says: ${message}`);
  assertStringIncludes(message, says, what);
}

/** Calls with each callable: its name, and all of its rows. */
function forEachApi(rows: readonly Row[], body: (name: string, rows: readonly Row[]) => void): void {
  for (const [api, own] of Map.groupBy(rows, ({ api }) => api)) {
    body(`${api} refuses wrong arguments and says which`, own);
  }
}

async function assertAllRefused(rows: readonly Row[]): Promise<void> {
  for (const row of rows) for (const value of row.wrong) await assertRefused(row, value);
}

forEachApi(ANYWHERE, (name, rows) => {
  Deno.test(name, () => assertAllRefused(rows));
});

forEachApi(ON_THE_KERNEL, (name, rows) => {
  const tracefs = rows.some((row) => row.tracefs);
  kernelTest(`${name}, on the kernel`, () => assertAllRefused(rows), { tracefs });
});
