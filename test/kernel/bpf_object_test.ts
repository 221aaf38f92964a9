/** BPF objects: opened, given constants and maps, loaded, attached, closed, and what goes wrong on the way. */

import { assertEquals, assertInstanceOf, assertStringIncludes, assertThrows } from "@std/assert";
import { fileURLToPath } from "node:url";
import {
  BpfObject,
  EventPipe,
  EventPipeError,
  PerfSource,
  type RodataValue,
  SyscallError,
  VerifierError,
} from "../../mod.ts";
import { libc } from "../../src/ffi/libc.ts";
import { TestRun } from "../../src/object/test_run.ts";
import { kernelTest, testCpus, testProgram } from "./_kernel.ts";
import { openResources } from "./_resources.ts";
import { Producers } from "./_load.ts";
import { LoadGenerator } from "../../bench/load_generator.ts";

const LOAD = fileURLToPath(new URL("../../bpf/load.bpf.o", import.meta.url));

/** `struct seen` of test/bpf/constants.bpf.c. */
interface Constants {
  readonly wide: bigint;
  readonly balance: bigint;
  readonly offset: number;
  readonly limit: number;
  readonly mode: number;
  readonly untouched: number;
  readonly port: number;
  readonly tiny: number;
  readonly enabled: number;
  readonly label: string;
}

/** What the source says. */
const INITIAL: Constants = {
  wide: 1n,
  balance: -5n,
  offset: -1,
  limit: 10,
  mode: 0,
  untouched: 4711,
  port: 80,
  tiny: 1,
  enabled: 0,
  label: "unset",
};

/** Sets constants, loads and runs the program, and returns what it saw. */
function constantsSeen(values: Record<string, RodataValue>): Constants {
  using object = BpfObject.open(testProgram("constants"));
  object.setRodata(values);
  object.load();
  assertEquals(new TestRun(object.program("copy_constants").fd, 1).run(), 0);
  const value = new Uint8Array(64);
  object.map("seen").lookup(new Uint8Array(4), value);
  const view = new DataView(value.buffer);
  return {
    wide: view.getBigUint64(0, true),
    balance: view.getBigInt64(8, true),
    offset: view.getInt32(16, true),
    limit: view.getUint32(20, true),
    mode: view.getUint32(24, true),
    untouched: view.getUint32(28, true),
    port: view.getUint16(32, true),
    tiny: view.getInt8(34),
    enabled: view.getUint8(35),
    label: new TextDecoder().decode(value.subarray(36, 52)).replace(/\0.*$/s, ""),
  };
}

const constants = { programs: ["constants"] };

kernelTest("a program sees the constants of its source unless they are set", () => {
  assertEquals(constantsSeen({}), INITIAL);
}, constants);

for (
  const [what, name, value, seen] of [
    ["a boolean", "enabled", true, 1],
    ["a bool as number", "enabled", 1, 1],
    ["a u16 at its upper end", "port", 65535, 65535],
    ["an i8 at its lower end", "tiny", -128, -128],
    ["a negative i32", "offset", -2_000_000_000, -2_000_000_000],
    ["a u32 above 2^31", "limit", 4_000_000_000, 4_000_000_000],
    ["a u32 from a bigint", "limit", 12n, 12],
    ["a u64 above 2^53", "wide", 0xfedcba9876543210n, 0xfedcba9876543210n],
    ["a u64 from a number", "wide", 2 ** 40, 2n ** 40n],
    ["an i64 at its lower end", "balance", -(2n ** 63n), -(2n ** 63n)],
    ["an enum", "mode", 7, 7],
    ["an integer from its bytes", "limit", Uint8Array.of(1, 2, 0, 0), 513],
    ["an array from its bytes", "label", new TextEncoder().encode("eventpipe\0\0\0\0\0\0\0"), "eventpipe"],
  ] as const
) {
  kernelTest(`a program sees ${what} it was given, and nothing else changes`, () => {
    assertEquals(constantsSeen({ [name]: value }), { ...INITIAL, [name]: seen });
  }, constants);
}

kernelTest("several constants are set together and one after the other", () => {
  using object = BpfObject.open(testProgram("constants"));
  object.setRodata({ limit: 1, port: 2 });
  object.setRodata({ port: 3 });
  assertEquals(constantsSeen({ limit: 5, tiny: -3 }), { ...INITIAL, limit: 5, tiny: -3 });
}, constants);

for (
  const [what, values, kind, message] of [
    ["a u16 that is too large", { port: 65536 }, RangeError, "65536 does not fit u16"],
    ["a negative value for a u32", { limit: -1 }, RangeError, "-1 does not fit u32"],
    ["an i8 that is too large", { tiny: 128 }, RangeError, "128 does not fit i8"],
    ["a u64 that is too large", { wide: 2n ** 64n }, RangeError, "does not fit u64"],
    ["a fraction", { limit: 1.5 }, RangeError, "1.5 is no integer"],
    ["no number", { limit: NaN }, RangeError, "NaN is no integer"],
    [
      "bytes of another length",
      { label: new Uint8Array(15) },
      RangeError,
      "it has 16 bytes, the value has 15",
    ],
    ["a number for an array", { label: 1 }, TypeError, "it is no integer; give its 16 bytes"],
    ["text", { limit: "10" as unknown as number }, TypeError, "a string is no number"],
  ] as const
) {
  kernelTest(`a constant that is given ${what} is refused before it is loaded`, () => {
    using object = BpfObject.open(testProgram("constants"));
    const error = assertThrows(() => object.setRodata(values), kind);
    assertStringIncludes(error.message, `Cannot set the constant ${Object.keys(values)[0]}: `);
    assertStringIncludes(error.message, message);
    object.load();
  }, constants);
}

kernelTest("a constant that is not there is an error that lists those that are", () => {
  using object = BpfObject.open(testProgram("constants"));
  const error = assertThrows(() => object.setRodata({ limt: 1 }), EventPipeError);
  assertEquals(error.code, "NOT_FOUND");
  for (const name of Object.keys(INITIAL)) assertStringIncludes(error.message, name);
  using none = BpfObject.open(LOAD);
  assertStringIncludes(
    assertThrows(() => none.setRodata({ limt: 1 }), EventPipeError).message,
    "it has none",
  );
}, constants);

kernelTest("a refusal by the verifier carries its whole log", () => {
  using object = BpfObject.open(testProgram("refused"));
  const error = assertThrows(() => object.load(), EventPipeError);
  assertEquals(error.code, "VERIFIER");
  assertInstanceOf(error.cause, VerifierError);
  assertStringIncludes(error.message, "map_value_or_null");
  assertStringIncludes(error.cause.log, "*value += 1;");
  assertStringIncludes(error.cause.log, "processed ");
}, { programs: ["refused"] });

kernelTest("a file that is not there is an error with its path", () => {
  const error = assertThrows(() => BpfObject.open("/nowhere/none.bpf.o"), EventPipeError);
  assertStringIncludes(error.message, "Cannot open /nowhere/none.bpf.o: ");
  assertInstanceOf(error.cause, SyscallError);
  assertEquals(error.cause.code, "ENOENT");
});

for (
  const [what, bytes] of [
    ["garbage", Uint8Array.from({ length: 4096 }, (_, i) => i * 7)],
    ["nothing", new Uint8Array(0)],
    ["the first half of an object", Deno.readFileSync(LOAD).slice(0, Deno.statSync(LOAD).size / 2)],
  ] as const
) {
  kernelTest(`${what} in place of an object is an error that says how much it was`, () => {
    const error = assertThrows(() => BpfObject.open(bytes), EventPipeError);
    assertStringIncludes(error.message, `Cannot open an object of ${bytes.length} bytes: `);
  });
}

kernelTest("what is neither a path nor bytes is a TypeError", () => {
  assertThrows(() => BpfObject.open(7 as unknown as string), TypeError, "path of a .bpf.o file or its bytes");
});

kernelTest("programs and maps are found by name, and other names are errors that list them", () => {
  using object = BpfObject.open(Deno.readFileSync(LOAD));
  assertEquals(object.programNames, ["load"]);
  assertEquals([...object.mapNames].sort(), ["counters", "events", "scratch"]);
  const program = assertThrows(() => object.program("laod"), EventPipeError);
  assertEquals([program.code, program.message], [
    "NOT_FOUND",
    "Cannot find the program laod: the object has load",
  ]);
  const map = assertThrows(() => object.map("event"), EventPipeError);
  assertEquals(map.code, "NOT_FOUND");
  assertStringIncludes(map.message, `the object has ${object.mapNames.join(", ")}`);
});

kernelTest("a map is resized before loading, and neither resized nor replaced afterwards", () => {
  using object = BpfObject.open(LOAD);
  const map = object.map("scratch");
  assertThrows(() => map.setMaxEntries(0), RangeError, "0 is no number of slots");
  map.setMaxEntries(3);
  object.load();
  assertEquals(map.maxEntries, 3);
  const value = new Uint8Array(65536);
  const found = [0, 2, 3].map((key) => map.lookup(new Uint8Array(Uint32Array.of(key).buffer), value));
  assertEquals(found, [true, true, false]);
  for (const change of [() => map.setMaxEntries(4), () => map.reuseFd(map.fd)]) {
    assertStringIncludes(assertThrows(change, EventPipeError).message, "the object is loaded already");
  }
});

kernelTest("a lookup with a key or value of the wrong size is refused", () => {
  using object = BpfObject.open(LOAD);
  object.load();
  const map = object.map("scratch");
  assertThrows(() => map.lookup(new Uint8Array(3), new Uint8Array(65536)), RangeError, "a key has 4");
  assertThrows(() => map.lookup(new Uint8Array(4), new Uint8Array(100)), RangeError, "given were 4 and 100");
});

kernelTest("a map that replaces the object's own gets its events", () => {
  const source = PerfSource.open({ cpus: [testCpus[0]!] });
  using pipe = EventPipe.open({ source });
  let events = 0;
  pipe.register({ name: "count", process: () => void events++ });
  using generator = new LoadGenerator(source.mapFd);
  new Producers(generator).emit({ cpu: testCpus[0]!, count: 3 });
  pipe.consume();
  assertEquals(events, 3);
});

kernelTest("a map is not replaced by a file that is no map, open or not", () => {
  using object = BpfObject.open(LOAD);
  const fd = libc().eventfd(0, 0);
  const events = object.map("events");
  try {
    assertThrows(() => events.reuseFd(fd), TypeError, `by fd ${fd}: it is no BPF map`);
  } finally {
    libc().close(fd);
  }
  assertThrows(() => events.reuseFd(fd), TypeError, `by fd ${fd}: it is no BPF map`);
  object.load();
});

kernelTest("what needs the kernel waits until the object is loaded", () => {
  using object = BpfObject.open(LOAD);
  assertThrows(() => object.map("events").fd, TypeError, "load the object first");
  assertThrows(() => object.program("load").fd, TypeError, "load the object first");
  assertThrows(() => object.program("load").attach(), TypeError, "load the object first");
  object.load();
  assertThrows(() => object.load(), TypeError, "it is loaded already");
  assertThrows(() => object.setRodata({}), TypeError, "is loaded already");
});

kernelTest("a program whose section names nothing to attach to says so", () => {
  using object = BpfObject.open(LOAD);
  object.load();
  const error = assertThrows(() => object.program("load").attach(), EventPipeError);
  assertStringIncludes(error.message, "Cannot attach the program load: ");
});

kernelTest("a closed object refuses every use and can be closed again", () => {
  const before = openResources();
  const object = BpfObject.open(LOAD);
  object.load();
  const map = object.map("scratch");
  const program = object.program("load");
  object.close();
  assertEquals(openResources(), before);
  for (
    const use of [
      () => object.load(),
      () => object.setRodata({}),
      () => map.fd,
      () => map.maxEntries,
      () => map.lookup(new Uint8Array(4), new Uint8Array(65536)),
      () => map.setMaxEntries(1),
      () => map.reuseFd(1),
      () => program.fd,
      () => program.attach(),
    ]
  ) {
    assertEquals(assertThrows(use, EventPipeError).code, "CLOSED");
  }
  object.close();
});
