/** The recorder: what it writes when, what it does about limits and failing writes, and what it refuses. */

import {
  assert,
  assertEquals,
  assertGreater,
  assertInstanceOf,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import fc from "fast-check";
import { fileURLToPath } from "node:url";
import { EventPipe, EventPipeError, MemorySource, type Source, SyscallError } from "../../../mod.ts";
import { BlockWriter, type RecordingFile } from "../../../src/record/block_writer.ts";
import { BLOCK, FILE_HEAD, fileHead } from "../../../src/record/format.ts";
import { Recording, RingRecorder, type RingRecorderOptions } from "../../../src/record/mod.ts";
import { block, noting, readBlocks, RecordedPipe, replayAll, withFile } from "./_recordings.ts";

/** An error as Deno throws them for failed calls. */
function failure(code: string): Error {
  return Object.assign(new Error(`${code} (os error)`), { code });
}

/** A file that takes as many bytes at a time, or throws, as its plan says, and in the end all. */
class FakeFile implements RecordingFile {
  readonly #plan: (number | Error)[];
  readonly #parts: Uint8Array[] = [];
  writes = 0;
  closes = 0;

  constructor(plan: readonly (number | Error)[] = []) {
    this.#plan = [...plan];
  }

  writeSync(bytes: Uint8Array): number {
    this.writes++;
    const step = this.#plan.shift() ?? bytes.length;
    if (typeof step !== "number") throw step;
    const n = Math.min(step, bytes.length);
    this.#parts.push(bytes.slice(0, n));
    return n;
  }

  close(): void {
    this.closes++;
  }

  /** What has arrived. */
  get bytes(): Uint8Array {
    return concat(this.#parts);
  }
}

function concat(parts: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

Deno.test("blocks are written when 256 KiB have come together, at a flush and at the end, not before", () => {
  const file = new FakeFile();
  const writer = new BlockWriter("fake", file);
  const kib = new Uint8Array(1024 - 16);
  for (let i = 0; i < 255; i++) writer.write(BLOCK.LOST, kib);
  assertEquals([file.writes, file.bytes.length, writer.bytes], [0, 0, FILE_HEAD.bytes + 255 * 1024]);
  writer.write(BLOCK.LOST, kib);
  assertEquals([file.bytes.length, writer.bytes], [
    FILE_HEAD.bytes + 255 * 1024,
    FILE_HEAD.bytes + 256 * 1024,
  ]);
  writer.flush();
  assertEquals(file.bytes.length, writer.bytes);
  writer.write(BLOCK.LOST, kib);
  writer.close();
  writer.close();
  const { bytes } = writer;
  assertEquals([file.bytes.length, file.closes], [bytes, 1]);
  writer.write(BLOCK.LOST, new Uint8Array(300_000));
  assertEquals([file.bytes.length, writer.bytes], [bytes, bytes]);
});

Deno.test("blocks of any size arrive whole and in order, however short the writes are, up to one that fails", () => {
  const sizes = fc.array(
    fc.tuple(fc.nat(12), fc.oneof(fc.nat(200), fc.constantFrom(262_100, 262_144, 300_000))),
    { maxLength: 12 },
  );
  const steps = fc.array(
    fc.oneof(fc.integer({ min: 1, max: 100_000 }), fc.constant(new Deno.errors.Interrupted("signal"))),
    { maxLength: 20 },
  );
  fc.assert(
    fc.property(sizes, steps, fc.boolean(), (blocks, plan, fails) => {
      const file = new FakeFile(fails ? [...plan, failure("ENOSPC")] : plan);
      const writer = new BlockWriter("fake", file);
      const expected: Uint8Array[] = [fileHead()];
      blocks.forEach(([headBytes, bodyBytes], i) => {
        const content = Uint8Array.from({ length: headBytes + bodyBytes }, (_, at) => at * 7 + i);
        writer.write(BLOCK.LOST, content.subarray(headBytes), content.subarray(0, headBytes));
        expected.push(block(BLOCK.LOST, content));
      });
      try {
        writer.close();
      } catch (error) {
        assertEquals(error, writer.failure);
      }
      const all = concat(expected);
      const { bytes } = file;
      assertEquals(writer.bytes, all.length);
      assert(bytes.length === all.length || fails);
      assertEquals(writer.failure !== null, bytes.length < all.length);
      // Compared as one: assertEquals on every byte would take most of the time.
      assert(bytes.every((byte, i) => byte === all[i]), "it is not the beginning of what was written");
    }),
    { seed: 11, numRuns: 60 },
  );
});

Deno.test("nothing is written behind a failed write, and each way to end tells what failed", () => {
  for (const end of ["flush", "close"] as const) {
    const file = new FakeFile([100, failure("ENOSPC")]);
    const writer = new BlockWriter("the file", file);
    for (let i = 0; i < 10; i++) writer.write(BLOCK.LOST, new Uint8Array(40));
    assertEquals(writer.failure, null);
    const error = assertThrows(() => writer[end](), EventPipeError);
    assertStringIncludes(error.message, "Cannot write to the file: write returned ENOSPC");
    assertEquals([error.code, writer.failure], ["SYSCALL", error]);
    writer.write(BLOCK.LOST, new Uint8Array(400_000));
    if (end === "flush") assertThrows(() => writer.close(), EventPipeError, "ENOSPC");
    assertEquals([file.bytes.length, file.closes], [100, 1]);
  }
});

Deno.test("a full disk does not disturb the pipe, and is told by progress, flush and finish", () => {
  const seen: string[] = [];
  const recorded = new RecordedPipe("/dev/full", { ringBytes: 65536 });
  recorded.pipe.register(noting(seen));
  const rounds = 8;
  for (let round = 0; round < rounds; round++) {
    for (let i = 0; i < 60; i++) recorded.emit(0, 0, i, 1000);
    recorded.pipe.consume();
  }
  const { failure, isFull } = recorded.recorder.progress;
  assertInstanceOf(failure?.cause, SyscallError);
  assertEquals([failure.cause.code, isFull], ["ENOSPC", false]);
  assertStringIncludes(failure.message, "Cannot write to /dev/full: write returned ENOSPC (28)");
  assertThrows(() => recorded.recorder.flush(), EventPipeError, "ENOSPC");
  assertEquals(assertThrows(() => recorded.finish(), EventPipeError), failure);
  assertEquals([seen.length, recorded.pipe.statistics().dispatched], [rounds * 60, rounds * 60]);
  recorded.recorder.close();
});

Deno.test("a failed recording that nobody finished is told when it is closed", () => {
  using recorded = new RecordedPipe("/dev/full");
  assertThrows(
    () => {
      using _recorder = recorded.recorder;
    },
    EventPipeError,
    "ENOSPC",
  );
});

Deno.test("flush makes readable what was recorded so far, and a recording that was not finished is cut", () => {
  withFile((path) => {
    const recorded = new RecordedPipe(path);
    assertEquals(Deno.statSync(path).size, 0);
    recorded.emit(0, 0, 1);
    recorded.pipe.consume();
    recorded.recorder.flush();
    const { size } = Deno.statSync(path);
    assertEquals(recorded.recorder.progress, { bytes: size, isFull: false, failure: null });
    assertEquals([readBlocks(path).blocks.length, readBlocks(path).end], [1, `cut at offset ${size}`]);
    recorded.emit(0, 0, 2);
    recorded.pipe.consume();
    recorded[Symbol.dispose]();
    const { blocks, end } = readBlocks(path);
    assertEquals([blocks.length, end], [2, `cut at offset ${Deno.statSync(path).size}`]);
  });
});

Deno.test("an exception of a handler leaves a recording with the bytes that led to it", () => {
  withFile((path) => {
    assertThrows(
      () => {
        using recorded = new RecordedPipe(path);
        recorded.pipe.register({
          name: "throwing",
          process: (event) => {
            if (event.u32(12) === 3) throw new Error("mine");
          },
        });
        for (const value of [1, 2, 3, 4]) recorded.emit(0, 0, value);
        recorded.pipe.consume();
      },
      Error,
      "mine",
    );
    const { blocks, end } = readBlocks(path);
    assertEquals(blocks[0]?.slice(0, 13), "data 0 0 128 ");
    assertStringIncludes(end, "cut at offset");
  });
});

Deno.test("maxBytes ends the recording with a mark, in front of the first block that is too much", () => {
  withFile((path) => {
    const maxBytes = 4000;
    const seen: string[] = [];
    const recorded = new RecordedPipe(path, { maxBytes });
    recorded.pipe.register(noting(seen));
    let isFullAt = 0;
    for (let i = 1; i <= 100; i++) {
      recorded.emit(0, 0, i);
      if (i === 90) recorded.emit(0, 0, i, 4);
      recorded.pipe.consume();
      if (isFullAt === 0 && recorded.recorder.progress.isFull) isFullAt = i;
    }
    const { bytes } = recorded.recorder.progress;
    recorded.finish();
    assertEquals(seen.length, 101);
    const { blocks, end } = readBlocks(path);
    assertEquals(end, "complete");
    // Each block has 28 bytes in front of a record of 32.
    const limit = blocks.findIndex((text) => text === JSON.stringify({ type: "limit", maxBytes }));
    assertEquals([limit, blocks.length], [isFullAt - 1, isFullAt + 1]);
    assertGreater(bytes, maxBytes - 60);
    assert(bytes <= maxBytes + 16 + JSON.stringify({ maxBytes }).length);
    const replayed: string[] = [];
    replayAll(path, (pipe) => pipe.register(noting(replayed)));
    assertEquals(replayed, seen.slice(0, isFullAt - 1));
  });
});

Deno.test("a limit that not even the header fits into leaves the header, the mark and the end", () => {
  withFile((path) => {
    const recorded = new RecordedPipe(path, { maxBytes: 1 });
    recorded.emit(0, 0, 1);
    recorded.pipe.consume();
    recorded.finish();
    const { blocks, end } = readBlocks(path);
    assertEquals([blocks[0], blocks.length, end], ['{"type":"limit","maxBytes":1}', 2, "complete"]);
  });
});

Deno.test("a batch that is longer than what is collected is recorded too", () => {
  withFile((path) => {
    const recorded = new RecordedPipe(path, { ringBytes: 2 ** 21, cpus: [0] });
    for (let i = 0; i < 256; i++) recorded.emit(0, 0, i, 4000);
    recorded.pipe.consume();
    recorded.emit(0, 0, 256);
    recorded.pipe.consume();
    const statistics = recorded.finish();
    assertEquals(recorded.tap.shown.map(({ bytes }) => bytes.length), [256 * 4016, 32]);
    const { shown, statistics: replayed } = replayAll(path, () => {});
    assertEquals(shown, recorded.tap.shown);
    assertEquals(replayed.unknown, statistics.unknown);
  });
});

Deno.test("losses are told with every 256 KiB of the rings, where they have changed", () => {
  withFile((path) => {
    const recorded = new RecordedPipe(path, { ringBytes: 65536 });
    for (let round = 0; round < 20; round++) {
      for (let i = 0; i < 70; i++) recorded.emit(round % 2, 0, i, round < 10 ? 1000 : 500);
      recorded.pipe.consume();
    }
    const statistics = recorded.finish();
    const { blocks } = readBlocks(path);
    const told = blocks.filter((text) => text.startsWith('{"type":"losses"')).map((text) =>
      JSON.parse(text).lost
    );
    const [first, last] = [told[0]!, told.at(-1)!];
    assertGreater(first[0] + first[1], 0);
    assertEquals(last, statistics.cpus.map(({ lost }) => lost));
    assertEquals(told.length, new Set(told.map(String)).size, "the same losses are told twice");
  });
});

Deno.test("losses are not asked for where the source does not know them", () => {
  withFile((path) => {
    const source = MemorySource.open({ ringBytes: 65536 });
    const described = { ...describeSource(source), countsLosses: false } as Source;
    const recorder = RingRecorder.create(path, { source: described, ringBytes: 65536 });
    const pipe = EventPipe.open({ source, tap: recorder });
    for (let i = 0; i < 10; i++) {
      while (source.writer(0).output(1000) === 0);
      pipe.consume();
    }
    pipe.close();
    recorder.finish(pipe.statistics());
    const { blocks, end } = readBlocks(path);
    assertEquals([blocks.some((text) => text.startsWith('{"type":"losses"')), end], [false, "complete"]);
    using recording = Recording.open(path);
    assertEquals(recording.header.countsLosses, false);
  });
});

Deno.test("a recorder over memory rings needs no permission but for its file", async () => {
  const script = fileURLToPath(new URL("_record_memory.ts", import.meta.url));
  const folder = await Deno.makeTempDir({ prefix: "eventpipe-record-" });
  try {
    const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: [
        "run",
        "--no-prompt",
        `--allow-read=${folder}`,
        `--allow-write=${folder}`,
        script,
        `${folder}/a`,
      ],
      stdin: "null",
    }).output();
    const text = new TextDecoder();
    assertEquals([code, text.decode(stdout), text.decode(stderr)], [0, "7\n", ""]);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

for (
  const [what, options, error, message] of [
    ["no source", { source: {} }, TypeError, "source must be the source of events"],
    ["an overwritable source", { overwritable: true }, TypeError, "Cannot record overwritable rings"],
    [
      "sizes of other rings",
      { ringBytes: [4096] },
      TypeError,
      "or one for each of the 2 rings, current value is 4096",
    ],
    ["no size", { ringBytes: undefined }, TypeError, "current value is undefined"],
    ["a size that no ring has", { ringBytes: 5000 }, RangeError, "a ring of 5000 bytes"],
    [
      "another size than that of the source",
      { ringBytes: 8192 },
      RangeError,
      "of up to 4076 bytes, which rings of 8192",
    ],
    [
      "unknown samples",
      { samples: "some" },
      TypeError,
      'samples must be "raw" or "whole", current value is "some"',
    ],
    [
      "an unknown way to dispatch",
      { dispatchBy: "x" },
      TypeError,
      '"category" or "all", current value is "x"',
    ],
    ["names that are none", { categories: [1] }, TypeError, "categories must be a list of texts"],
    ["a command that is none", { command: "ls" }, TypeError, "command must be a list of texts"],
    [
      "a limit of 0",
      { maxBytes: 0 },
      RangeError,
      "maxBytes must be a whole number of bytes above 0, current value is 0",
    ],
    ["half a limit", { maxBytes: 0.5 }, RangeError, "current value is 0.5"],
    ["a limit that is a text", { maxBytes: "1k" }, RangeError, "current value is 1k"],
  ] as const
) {
  Deno.test(`${what} is refused, and no file is made`, () => {
    withFile((path) => {
      const source = MemorySource.open({ ringBytes: 4096, cpus: [0, 1] });
      const { overwritable, ...rest } = { overwritable: false, ...options };
      const given = overwritable ? { ...describeSource(source), overwritable } : source;
      const all = { source: given, ringBytes: 4096, ...rest } as unknown as RingRecorderOptions;
      assertThrows(() => RingRecorder.create(path, all), error, message);
      assertThrows(() => Deno.statSync(path), Deno.errors.NotFound);
      source.close();
    });
  });
}

/** The members of a source that a recorder looks at. */
function describeSource(source: Source): Partial<Source> {
  const { kind, ring, cpus, maxPayloadBytes, countsLosses } = source;
  return { kind, ring, cpus, maxPayloadBytes, countsLosses, openScanner: () => source.openScanner() };
}

Deno.test("arguments of the wrong kind are refused with what they must be", () => {
  withFile((path) => {
    const create = RingRecorder.create as (...args: unknown[]) => RingRecorder;
    assertThrows(
      () => create(5, {}),
      TypeError,
      "Cannot record: path must be the name of a file, current value is 5",
    );
    assertThrows(() => create(path), TypeError, "Cannot record: options must be an object");
    using recorded = new RecordedPipe(path);
    const finish = recorded.recorder.finish as (...args: unknown[]) => void;
    for (const statistics of [undefined, {}, { cpus: [] }]) {
      assertThrows(
        () => finish.call(recorded.recorder, statistics),
        TypeError,
        "Cannot finish the recording: statistics must be what the pipe's statistics() returned",
      );
    }
  });
});

Deno.test("a file that cannot be made is an error with its name", () => {
  const source = MemorySource.open({ ringBytes: 4096 });
  const error = assertThrows(
    () => RingRecorder.create("/no/such/folder/a.rings", { source, ringBytes: 4096 }),
    EventPipeError,
  );
  assertStringIncludes(
    error.message,
    "Cannot open /no/such/folder/a.rings for writing: open returned ENOENT",
  );
  source.close();
});

Deno.test("a pipe that cannot be opened leaves an empty recording that can be closed", () => {
  withFile((path) => {
    const source = MemorySource.open({ ringBytes: 4096 });
    assertThrows(() => {
      using recorder = RingRecorder.create(path, { source, ringBytes: 4096 });
      EventPipe.open({ source, waiter: "epoll", tap: recorder });
    }, TypeError);
    assertEquals(readBlocks(path).blocks, []);
  });
});
