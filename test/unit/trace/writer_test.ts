/** Tests of the writer: every byte arrives once and in order, and a reader that goes away is no error. */

import { assert, assertEquals, assertMatch, assertNotMatch, assertThrows } from "@std/assert";
import fc from "fast-check";
import { fileURLToPath } from "node:url";
import { EventPipeError, type SyscallError } from "../../../mod.ts";
import { LineWriter, type Sink } from "../../../src/trace/writer.ts";

/** A sink that takes as many bytes at a time, or throws, as its plan says, and in the end all. */
class FakeSink implements Sink {
  readonly name = "fake";
  readonly #plan: (number | Error)[];
  readonly #bytes: number[] = [];
  /** Calls of each method. */
  writes = 0;
  waits = 0;
  closes = 0;
  gone = false;

  constructor(plan: readonly (number | Error)[] = []) {
    this.#plan = [...plan];
  }

  writeSync(bytes: Uint8Array): number {
    this.writes += 1;
    const step = this.#plan.shift() ?? bytes.length;
    if (typeof step !== "number") throw step;
    const n = Math.min(step, bytes.length);
    for (const byte of bytes.subarray(0, n)) this.#bytes.push(byte);
    return n;
  }

  waitWritable(): void {
    this.waits += 1;
  }

  isReaderGone(): boolean {
    return this.gone;
  }

  close(): void {
    this.closes += 1;
  }

  /** What has arrived. */
  get text(): string {
    return new TextDecoder("utf-8", { fatal: true }).decode(new Uint8Array(this.#bytes));
  }
}

/** An error as Deno throws them for failed calls. */
function failure(code: string): Error {
  return Object.assign(new Error(`${code} (os error)`), { code });
}

Deno.test("all that was written arrives in order, however short the writes are", () => {
  const texts = fc.array(fc.string({ unit: "grapheme" }), { maxLength: 20 });
  const plans = fc.array(
    fc.oneof(
      fc.integer({ min: 1, max: 5 }),
      fc.constantFrom(new Deno.errors.WouldBlock(), new Deno.errors.Interrupted()),
    ),
  );
  fc.assert(
    fc.property(texts, plans, (all, plan) => {
      const sink = new FakeSink(plan);
      using writer = new LineWriter(sink);
      for (const text of all) assert(writer.write(text));
      assert(writer.flush());
      assertEquals(sink.text, all.join(""));
    }),
    { seed: 56 },
  );
});

Deno.test("lines are written together, and a batch that is full is written by itself", () => {
  const sink = new FakeSink();
  using writer = new LineWriter(sink);
  for (let i = 0; i < 100; i++) writer.write("é line\n");
  assertEquals(sink.writes, 0);
  writer.flush();
  assertEquals(sink.writes, 1);
  const long = `${"\u20ac".repeat(200_000)}\n`;
  writer.write(long);
  assertEquals(sink.writes, 2);
  assertEquals(sink.text, "é line\n".repeat(100) + long);
  writer.flush();
  assertEquals(sink.writes, 2, "there is nothing to write");
});

Deno.test("a write that would block is tried again after waiting, once per refusal", () => {
  const sink = new FakeSink([new Deno.errors.WouldBlock(), 2, new Deno.errors.WouldBlock(), 1]);
  using writer = new LineWriter(sink);
  writer.write("abcdef\n");
  writer.flush();
  assertEquals([sink.text, sink.waits, sink.writes], ["abcdef\n", 2, 5]);
});

Deno.test("a reader that goes away ends the writing in order: false, and nothing more is tried", () => {
  const sink = new FakeSink([3, new Deno.errors.BrokenPipe()]);
  using writer = new LineWriter(sink);
  assertEquals(writer.write("abcdef\n"), true);
  assertEquals(writer.flush(), false);
  assertEquals([writer.write("g\n"), writer.flush(), writer.isReaderGone()], [false, false, true]);
  assertEquals([sink.text, sink.writes], ["abc", 2]);
});

Deno.test("isReaderGone asks the sink, and a reader that has gone does not come back", () => {
  const sink = new FakeSink();
  using writer = new LineWriter(sink);
  assertEquals(writer.isReaderGone(), false);
  sink.gone = true;
  assertEquals(writer.isReaderGone(), true);
  sink.gone = false;
  assertEquals([writer.isReaderGone(), writer.write("a\n")], [true, false]);
});

Deno.test("a failing write says what was tried and what came back", () => {
  const sink = new FakeSink([failure("ENOSPC")]);
  const writer = new LineWriter(sink);
  writer.write("a\n");
  const error = assertThrows(() => writer.flush(), EventPipeError);
  assertEquals(error.message, "Cannot write to fake: write returned ENOSPC (28)");
  assertEquals([error.code, (error.cause as SyscallError).errno], ["SYSCALL", 28]);
  writer.close();
  assertEquals(sink.closes, 1);
});

Deno.test("close writes the rest and closes once, also where the rest cannot be written", () => {
  const sink = new FakeSink();
  const writer = new LineWriter(sink);
  writer.write("a\n");
  writer.close();
  writer.close();
  writer.write("b\n");
  writer.flush();
  assertEquals([sink.text, sink.closes], ["a\n", 1]);

  const full = new FakeSink([failure("ENOSPC")]);
  const failing = new LineWriter(full);
  failing.write("a\n");
  assertThrows(() => failing.close(), EventPipeError, "ENOSPC");
  failing.close();
  assertEquals(full.closes, 1);
});

Deno.test("create empties the file and writes to it", async () => {
  const path = await Deno.makeTempFile();
  try {
    await Deno.writeTextFile(path, "what was there before\n");
    {
      using writer = LineWriter.create(path);
      assertEquals([writer.write("a\nb\n"), writer.isReaderGone()], [true, false]);
    }
    assertEquals(await Deno.readTextFile(path), "a\nb\n");
  } finally {
    await Deno.remove(path);
  }
});

for (
  const [path, returned] of [
    ["/no/such/folder/file", "ENOENT (2)"],
    ["/tmp", "EISDIR (21)"],
    ["/dev/null/file", "ENOTDIR (20)"],
  ] as const
) {
  Deno.test(`create refuses ${path} with what came back and what to do`, () => {
    const error = assertThrows(() => LineWriter.create(path), EventPipeError);
    assertEquals(
      error.message,
      `Cannot open ${path} for writing: open returned ${returned}; ` +
        "name a file that can be written, in a folder that exists",
    );
  });
}

Deno.test("a full disk is an error", () => {
  const writer = LineWriter.create("/dev/full");
  writer.write("a\n");
  assertThrows(() => writer.close(), EventPipeError, "Cannot write to /dev/full: write returned ENOSPC (28)");
});

Deno.test({
  name: "create without permission says which one is missing",
  permissions: { write: false },
  fn: () => {
    const error = assertThrows(() => LineWriter.create("/tmp/x"), EventPipeError, "--allow-write");
    assertEquals(error.code, "NOT_PERMITTED");
  },
});

/** Runs _writer_child.ts; the test holds the other end of its stdout. */
function spawnWriter(mode: string): Deno.ChildProcess {
  return new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "-A",
      "--config",
      fileURLToPath(new URL("../../../deno.json", import.meta.url)),
      fileURLToPath(new URL("./_writer_child.ts", import.meta.url)),
      mode,
    ],
    stdout: "piped",
    stderr: "piped",
  }).spawn();
}

Deno.test("stdout that is closed while much is written ends the writing in order", async () => {
  const child = spawnWriter("busy");
  const reader = child.stdout.getReader();
  assertMatch(new TextDecoder().decode((await reader.read()).value), /^x/);
  await reader.cancel();
  assertEquals(await child.stderr.text(), "ended in order: true false false true\n");
  assertEquals((await child.status).code, 0);
});

Deno.test("stdout that is closed is noticed also when there is nothing to write", async () => {
  const child = spawnWriter("idle");
  const reader = child.stdout.getReader();
  assertEquals((await reader.read()).value?.length, 100);
  await reader.cancel();
  assertEquals(await child.stderr.text(), "false true\nended in order: false false\n");
  assertEquals((await child.status).code, 0);
});

Deno.test("stdout that does not block gets every byte", async () => {
  const child = spawnWriter("nonblocking");
  const errors = child.stderr.getReader();
  const told = new TextDecoder().decode((await errors.read()).value);
  const filled = Number(/^filled (\d+)\n$/.exec(told)![1]);
  assert(filled > 0);
  const text = await child.stdout.text();
  assertEquals(text.length, filled + 1_000_000);
  assertNotMatch(text.slice(filled), /[^x\n]/);
  assertEquals((await errors.read()).done, true, "it has nothing to complain of");
  assertEquals((await child.status).code, 0);
});
