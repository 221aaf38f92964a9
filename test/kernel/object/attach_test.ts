/** Programs that are left out, attached with a cookie, and skipped; maps that are written and walked. */

import { assert, assertEquals, assertGreaterOrEqual, assertStringIncludes, assertThrows } from "@std/assert";
import { EventPipeError } from "../../../src/errors.ts";
import { libc } from "../../../src/ffi/libc.ts";
import { BpfObject } from "../../../src/object/bpf_object.ts";
import { possibleCpus } from "../../../src/source/cpus.ts";
import { kernelTest, testProgram } from "../_kernel.ts";
import { openResources } from "../_resources.ts";

const FORWARDER = new URL("../../../bpf/tracepoint.bpf.o", import.meta.url);
const PROGRAMS = ["forward", "enter", "leave", "follow"];

/** The forwarder's object with these programs. */
function openForwarder(...programs: readonly string[]): BpfObject {
  const object = BpfObject.open(Deno.readFileSync(FORWARDER));
  object.map("events").setMaxEntries(Math.max(...possibleCpus()) + 1);
  for (const name of PROGRAMS) object.program(name).setAutoload(programs.includes(name));
  return object;
}

const u32 = (value: number): Uint8Array => new Uint8Array(Uint32Array.of(value).buffer);

/** Calls a command that executes itself, which is one sched_process_exec. */
async function execute(): Promise<void> {
  await new Deno.Command("true", { stdin: "null" }).output();
}

/** Outputs the program `forward` tried, on all CPUs. */
function produced(object: BpfObject): number {
  const words = new BigUint64Array(130 * possibleCpus().length);
  object.map("counters").lookup(u32(0), new Uint8Array(words.buffer));
  return words.reduce((sum, count, index) => index % 130 === 0 ? sum + Number(count) : sum, 0);
}

kernelTest("attachTracepoint gives the program its cookie, and the closed link runs it no more", async () => {
  using object = openForwarder("forward");
  object.map("targets").setMaxEntries(8);
  object.load();
  // A category without a length is forwarded nowhere: the cookie decides whether anything is produced.
  const target = new Uint8Array(40);
  new DataView(target.buffer).setUint32(0, 16, true);
  object.map("targets").update(u32(5), target);
  const program = object.program("forward");
  const other = program.attachTracepoint("sched", "sched_process_exec", 4n);
  await execute();
  assertEquals(produced(object), 0);
  other.close();
  const link = program.attachTracepoint("sched", "sched_process_exec", 5n);
  assert(link.fd > 2);
  await execute();
  const seen = produced(object);
  assertGreaterOrEqual(seen, 1);
  link.close();
  link.close();
  const after = produced(object);
  await execute();
  assertEquals(produced(object), after);
  assertEquals(assertThrows(() => link.fd, EventPipeError).code, "CLOSED");
}, { tracefs: true });

kernelTest("attachTracepoint to what is not there is an error that names both, and leaves nothing", () => {
  using object = openForwarder("forward");
  object.load();
  const before = openResources();
  const error = assertThrows(
    () => object.program("forward").attachTracepoint("sched", "no_such_event", 0n),
    EventPipeError,
  );
  assertStringIncludes(error.message, "Cannot attach the program forward to sched:no_such_event");
  assertStringIncludes(error.message, "ENOENT");
  assertEquals(openResources(), before);
}, { tracefs: true });

kernelTest("a program that is left out is not loaded, and the choice is made before loading", () => {
  using object = openForwarder("leave");
  assertThrows(
    () => object.program("leave").attachTracepoint("a", "b", 0n),
    TypeError,
    "load the object first",
  );
  assertThrows(() => object.program("leave").missedRuns(), TypeError, "load the object first");
  object.load();
  assert(object.program("leave").fd > 2);
  assertThrows(() => object.program("forward").attachTracepoint("sched", "sched_switch", 0n), EventPipeError);
  assertThrows(() => object.program("enter").setAutoload(true), TypeError, "the object is loaded already");
});

kernelTest("missedRuns counts the runs that the kernel skipped", () => {
  using object = BpfObject.open(testProgram("misses"));
  object.setRodata({ pid: Deno.pid });
  object.load();
  const { getppid } = bindGetppid();
  assertEquals(object.program("skipped").missedRuns(), 0);
  using _skipped = object.program("skipped").attach();
  using _sender = object.program("sender").attach();
  for (let i = 0; i < 10; i++) getppid();
  assertGreaterOrEqual(object.program("skipped").missedRuns(), 10);
  assertEquals(object.program("sender").missedRuns(), 0);
}, { programs: ["misses"], tracefs: true });

const library = Deno.build.os === "linux"
  ? Deno.dlopen("libc.so.6", { getppid: { parameters: [], result: "i32" } })
  : null;

function bindGetppid(): { getppid(): number } {
  return library!.symbols;
}

kernelTest("update writes what lookup reads, and keys walks all of them", () => {
  using object = openForwarder();
  object.load();
  const map = object.map("tracked_comms");
  assertEquals([...map.keys()], []);
  const key = (text: string): Uint8Array => {
    const bytes = new Uint8Array(16);
    new TextEncoder().encodeInto(text, bytes);
    return bytes;
  };
  for (const name of ["a", "b", "c"]) map.update(key(name), Uint8Array.of(name.charCodeAt(0)));
  map.update(key("b"), Uint8Array.of(7));
  const value = new Uint8Array(1);
  assertEquals([map.lookup(key("b"), value), value[0]], [true, 7]);
  const keys = [...map.keys()].map((bytes) => new TextDecoder().decode(bytes).replaceAll("\0", ""));
  assertEquals(keys.sort(), ["a", "b", "c"]);
  for (const _ of map.keys()) break; // an abandoned walk holds nothing
});

kernelTest("keys of a full map are all of its slots", () => {
  using object = openForwarder();
  object.map("targets").setMaxEntries(5);
  object.load();
  const keys = [...object.map("targets").keys()].map((bytes) => new Uint32Array(bytes.buffer)[0]);
  assertEquals(keys, [0, 1, 2, 3, 4]);
});

kernelTest("update refuses sizes that are not the map's, before the kernel reads them", () => {
  using object = openForwarder();
  object.load();
  const map = object.map("tracked_pids");
  for (const [keyBytes, valueBytes] of [[3, 1], [5, 1], [4, 0], [4, 2]]) {
    assertThrows(
      () => map.update(new Uint8Array(keyBytes!), new Uint8Array(valueBytes!)),
      RangeError,
      `a key has 4 and a value 1 bytes, given were ${keyBytes} and ${valueBytes}`,
    );
  }
});

kernelTest("update of a slot that is not there is an error that says so", () => {
  using object = openForwarder();
  object.map("targets").setMaxEntries(2);
  object.load();
  const error = assertThrows(
    () => object.map("targets").update(u32(2), new Uint8Array(40)),
    EventPipeError,
  );
  assertStringIncludes(
    error.message,
    "Cannot write into the map targets: bpf_map_update_elem returned E2BIG",
  );
});

// Bound here, so that it is no leak of the test that needs it first.
if (Deno.build.os === "linux") libc();
