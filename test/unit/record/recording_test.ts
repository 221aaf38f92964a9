/** Reading recordings: what was written comes back, and a file that is cut or damaged is read up to there and no further. */

import { assert, assertEquals, assertInstanceOf, assertStringIncludes, assertThrows } from "@std/assert";
import { EventPipeError, SyscallError } from "../../../mod.ts";
import { BLOCK, BLOCK_HEAD, FILE_HEAD, fileHead, putBlockHead } from "../../../src/record/format.ts";
import { DamagedRecordingError, Recording } from "../../../src/record/mod.ts";
import {
  block,
  dataBlock,
  HEADER,
  leftBlock,
  readBlocks,
  RecordedPipe,
  withFile,
  writeFile,
} from "./_recordings.ts";
import { payload, sample } from "../ring/_records.ts";

const ONE = sample(payload(20, 1));
const END = block(BLOCK.END, JSON.stringify({ finished: HEADER.started, statistics: statisticsOf(0, 0) }));

function statisticsOf(...lost: number[]): Record<string, unknown> {
  return { cpus: lost.map((count) => ({ lost: count })), categories: [] };
}

/** A small recording with a block of each type. */
function small(path: string): void {
  using recorded = new RecordedPipe(path, { maxBytes: 900 });
  recorded.pipe.register({ name: "ending", process: (event) => event.u32(12) === 2 ? 1 : 0 });
  for (const value of [1, 2, 3]) recorded.emit(0, 0, value);
  recorded.pipe.consume();
  recorded.pipe.consume();
  recorded.emit(1, 0, 4, 40);
  recorded.pipe.consume();
  recorded.recorder.onLeft(1, 56);
  recorded.emit(1, 0, 5, 400);
  recorded.pipe.consume();
  recorded.finish();
}

/** Where the blocks of a file begin and, last, where it ends. */
function boundaries(file: Uint8Array): number[] {
  const view = new DataView(file.buffer);
  const found = [0];
  for (let at: number = FILE_HEAD.bytes; at < file.length;) {
    found.push(at);
    at += BLOCK_HEAD.bytes + view.getUint32(at + BLOCK_HEAD.length, true);
  }
  return [...found, file.length];
}

Deno.test("what a recorder was shown comes back, block by block, with its header and its end", () => {
  withFile((path) => {
    using recorded = new RecordedPipe(path, {
      categories: ["exec", "exit"],
      command: ["some", "words"],
      dispatchBy: "all",
    });
    recorded.pipe.register({ name: "any", process: () => {} });
    for (let i = 0; i < 700; i++) {
      recorded.emit(i % 2, 0, i, 20 + i % 50);
      if (i % 37 === 0) recorded.pipe.consume();
    }
    recorded.pipe.consume();
    const before = new Date();
    const statistics = recorded.finish();
    using recording = Recording.open(path);
    const { started, ...header } = recording.header;
    assertEquals(header, {
      source: "memory",
      ring: "perf",
      rings: [{ cpu: 0, bytes: 4096 }, { cpu: 3, bytes: 4096 }],
      samples: "raw",
      dispatchBy: "all",
      categories: ["exec", "exit"],
      countsLosses: true,
      pageBytes: 4096,
      kernel: null,
      wallOffsetNs: null,
      command: ["some", "words"],
    });
    assert(started <= before);
    const blocks = Array.from(
      recording.blocks(),
      (each) => each.type === "data" ? { ...each, bytes: each.bytes.slice() } : each,
    );
    const last = blocks.at(-1)!;
    assert(last.type === "end");
    assertEquals(last.statistics, statistics);
    assert(last.finished >= before);
    const moved = [0, 0];
    const expected = recorded.tap.shown.map((shown) => {
      const start = moved[shown.ring]!;
      moved[shown.ring]! += shown.distance;
      return { type: "data" as const, ...shown, start };
    });
    assertEquals(blocks.slice(0, -1), expected);
    assertEquals(recording.end, { state: "complete" });
  });
});

Deno.test("blocks can be read again and again", () => {
  withFile((path) => {
    small(path);
    using recording = Recording.open(path);
    assertEquals(recording.end, null);
    const [first, second] = [[...recording.blocks()].length, [...recording.blocks()].length];
    assertEquals([first, second], [5, 5]);
  });
});

Deno.test("a file that is cut at any byte is read up to the last whole block, and says where that is", () => {
  withFile((path) => {
    small(path);
    const whole = readBlocks(path);
    assertEquals(whole.end, "complete");
    assertEquals(whole.blocks.map((text) => text.slice(0, 15)), [
      "data 0 0 96 0 0",
      "data 1 0 56 0 0",
      '{"type":"left",',
      '{"type":"limit"',
      '{"type":"end","',
    ]);
    const file = Deno.readFileSync(path);
    const starts = boundaries(file);
    for (let length = 0; length < file.length; length++) {
      Deno.writeFileSync(path, file.subarray(0, length));
      const where = starts.findLast((start) => start <= length)!;
      if (length < 8) {
        const error = assertThrows(() => Recording.open(path), EventPipeError, "it is no recording");
        assertEquals(error.code, "NOT_SUPPORTED");
      } else if (where < starts[2]!) {
        assertThrows(() => Recording.open(path), DamagedRecordingError, `it is cut at offset ${where}, `);
      } else {
        const { blocks, end } = readBlocks(path);
        assertEquals([blocks.length, end], [starts.indexOf(where) - 2, `cut at offset ${where}`]);
        assertEquals(blocks, whole.blocks.slice(0, blocks.length));
      }
    }
  });
});

Deno.test("any byte that is changed is found, and everything in front of its block is read", () => {
  withFile((path) => {
    small(path);
    const whole = readBlocks(path);
    const file = Deno.readFileSync(path);
    const starts = boundaries(file);
    for (let at = 0; at < file.length; at++) {
      for (const change of [0x01, 0x80, 0xff]) {
        const damaged = file.slice();
        damaged[at]! ^= change;
        Deno.writeFileSync(path, damaged);
        const where = starts.findLast((start) => start <= at)!;
        const what = `byte ${at} changed by ${change}`;
        if (at < 8) assertThrows(() => Recording.open(path), EventPipeError, "it is no recording", what);
        else if (where < starts[2]!) {
          assertThrows(
            () => Recording.open(path),
            DamagedRecordingError,
            `corrupt at offset ${where} (`,
            what,
          );
        } else {
          const { blocks, end } = readBlocks(path);
          assertStringIncludes(end, `corrupt at offset ${where} (`, what);
          assertEquals(blocks, whole.blocks.slice(0, starts.indexOf(where) - 2), what);
        }
      }
    }
  });
});

Deno.test("a length is believed only as far as a block of its type may go and as the file does", () => {
  const claim = (type: number, length: number): Uint8Array => {
    const bytes = new Uint8Array(BLOCK_HEAD.bytes);
    putBlockHead(new DataView(bytes.buffer), bytes, 0, type, length, 0);
    return bytes;
  };
  withFile((path) => {
    for (
      const [what, type, length, expected] of [
        ["DATA of a ring and its head", BLOCK.DATA, 4096 + 12, "cut"],
        ["DATA of one byte more", BLOCK.DATA, 4096 + 13, "corrupt"],
        ["DATA of all that a length can say", BLOCK.DATA, 0xffffffff, "corrupt"],
        ["another block of 16 MiB", BLOCK.END, 16 * 1024 * 1024, "cut"],
        ["another block of one byte more", BLOCK.END, 16 * 1024 * 1024 + 1, "corrupt"],
        ["an unknown block of 4 GiB", 0x41414141, 0xffffffff, "corrupt"],
      ] as const
    ) {
      writeFile(path, [dataBlock(0, 0, 32, ONE), claim(type, length)]);
      const offset = Deno.statSync(path).size - BLOCK_HEAD.bytes;
      const { blocks, end } = readBlocks(path);
      assertEquals(blocks.length, 1);
      const reason = ` (the block claims ${length} bytes, more than one of its type can have)`;
      assertEquals(end, `${expected} at offset ${offset}${expected === "cut" ? "" : reason}`, what);
    }
  });
});

Deno.test("a length that the file does not have costs no memory", () => {
  const ringBytes = 512 * 1024 * 1024;
  const claim = new Uint8Array(BLOCK_HEAD.bytes);
  putBlockHead(new DataView(claim.buffer), claim, 0, BLOCK.DATA, ringBytes, 0);
  withFile((path) => {
    writeFile(path, [claim], { ...HEADER, rings: [{ cpu: 0, bytes: ringBytes }] });
    using recording = Recording.open(path);
    const before = Deno.memoryUsage().external;
    assertEquals([...recording.blocks()], []);
    assert(Deno.memoryUsage().external - before < ringBytes / 2);
    assertEquals(recording.end?.state, "cut");
  });
});

Deno.test("a long file is read in pieces, and damage in it is told with its place in the file", () => {
  withFile((path) => {
    const blocks: Uint8Array[] = [];
    for (let i = 0; i < 400; i++) {
      const bytes = payload(i % 7 === 0 ? 4096 : 100 + i, i);
      blocks.push(block(0x41414141, bytes), dataBlock(i % 2, 0, bytes.length, bytes));
    }
    writeFile(path, blocks.map((each, i) => i % 2 === 0 ? each : block(0x42424242, each)));
    assertEquals(readBlocks(path), { blocks: [], end: `cut at offset ${Deno.statSync(path).size}` });
    const file = Deno.readFileSync(path);
    const starts = boundaries(file);
    for (const index of [200, 500, 700, 801]) {
      const damaged = file.slice();
      damaged[starts[index]! + BLOCK_HEAD.bytes]! ^= 1;
      Deno.writeFileSync(path, damaged);
      assertStringIncludes(readBlocks(path).end, `corrupt at offset ${starts[index]} (the content`);
    }
  });
});

Deno.test("blocks of unknown types are left out, and those behind them read", () => {
  withFile((path) => {
    writeFile(path, [block(0x41414141, "news"), dataBlock(0, 8, 32, ONE), END]);
    const { blocks, end } = readBlocks(path);
    assertEquals(blocks.map((text) => text.slice(0, 12)), ["data 0 8 32 ", '{"type":"end']);
    assertEquals(end, "complete");
  });
});

Deno.test("a file that goes on behind its end is corrupt there", () => {
  withFile((path) => {
    writeFile(path, [END, Uint8Array.of(0)]);
    const offset = Deno.statSync(path).size - 1;
    const { blocks, end } = readBlocks(path);
    assertEquals(blocks.length, 1);
    assertEquals(end, `corrupt at offset ${offset} (something stands behind the end)`);
  });
});

const first = dataBlock(0, 0xfffffff0, 32, ONE);

for (
  const [what, blocks, reason] of [
    ["a ring that does not exist", [dataBlock(2, 0, 32, ONE)], "there is no ring 2, the recording is of 2"],
    ["fewer bytes than a DATA block has", [block(BLOCK.DATA, new Uint8Array(11))], "the block is too short"],
    [
      "more bytes than its distance",
      [dataBlock(0, 0, 31, ONE)],
      "more than its distance of 31 bytes in ring 0",
    ],
    [
      "a position in front of its block",
      [first, dataBlock(0, 8, 32, ONE)],
      "ring 0 goes on at position 8, its last block ended at 16",
    ],
    ["a position behind its block", [first, dataBlock(0, 24, 32, ONE)], "its last block ended at 16"],
    [
      "a ring that goes on when the pipe was closed",
      [first, leftBlock(1, 0), dataBlock(0, 16, 32, ONE)],
      "ring 0 goes on where the pipe was closed",
    ],
    ["a ring that is left twice", [leftBlock(0, 0), leftBlock(0, 0)], "ring 0 is left twice"],
    [
      "a ring that goes on elsewhere than it was left",
      [leftBlock(0, 64), dataBlock(0, 32, 32, ONE)],
      "ring 0 goes on at position 32, its last block ended at 64",
    ],
    [
      "a ring left in front of its beginning",
      [first, leftBlock(0, 0xffffffe8)],
      "ring 0 is left at position 4294967272",
    ],
    ["a ring left behind its end", [first, leftBlock(0, 24)], "ring 0 is left at position 24"],
    ["a ring that does not exist left", [leftBlock(7, 0)], "there is no ring 7"],
    ["half a LEFT block", [block(BLOCK.LEFT, new Uint8Array(4))], "the block is of a wrong length"],
    ["losses that are no JSON", [block(BLOCK.LOST, "{lost}")], "JSON"],
    ["losses that are no UTF-8", [block(BLOCK.LOST, Uint8Array.of(0xff))], "not valid"],
    ["losses that are no object", [block(BLOCK.LOST, "[1]")], "the block is no object"],
    [
      "losses of another number of rings",
      [block(BLOCK.LOST, '{"lost":[1]}')],
      "lost does not count each ring",
    ],
    ["negative losses", [block(BLOCK.LOST, '{"lost":[1,-1]}')], "lost is no integer of at least 0"],
    ["half a loss", [block(BLOCK.LOST, '{"lost":[1,0.5]}')], "lost is no integer of at least 0"],
    [
      "a limit that is none",
      [block(BLOCK.LIMT, '{"maxBytes":"1k"}')],
      "maxBytes is no integer of at least 1",
    ],
    [
      "an end without statistics",
      [block(BLOCK.END, `{"finished":"${HEADER.started}"}`)],
      "statistics is no object",
    ],
    [
      "an end that was finished at no time",
      [block(BLOCK.END, JSON.stringify({ finished: "soon", statistics: statisticsOf(0, 0) }))],
      "finished is no time",
    ],
    [
      "an end with a category without a name",
      [block(
        BLOCK.END,
        JSON.stringify({
          finished: HEADER.started,
          statistics: { ...statisticsOf(0, 0), categories: [{ category: 0 }] },
        }),
      )],
      "statistics.categories.name is no text",
    ],
    [
      "an end with statistics of other rings",
      [block(BLOCK.END, JSON.stringify({ finished: HEADER.started, statistics: statisticsOf(0) }))],
      "lost does not count each ring",
    ],
  ] as const
) {
  Deno.test(`${what}: the block is corrupt though its checksums are right`, () => {
    withFile((path) => {
      writeFile(path, [dataBlock(1, 0, 32, ONE), ...blocks]);
      const { size } = Deno.statSync(path);
      const { blocks: read, end } = readBlocks(path);
      assertEquals(read.length, blocks.length);
      assertStringIncludes(end, `corrupt at offset ${size - blocks.at(-1)!.length} (`);
      assertStringIncludes(end, reason);
    });
  });
}

for (
  const [what, change, reason] of [
    ["no rings", { rings: [] }, "there is no ring"],
    ["a ring of no power of two", { rings: [{ cpu: 0, bytes: 5000 }] }, "a ring of 5000 bytes"],
    ["a ring of 2 GiB", { rings: [{ cpu: 0, bytes: 2 ** 31 }] }, "a ring of 2147483648 bytes"],
    [
      "perf rings of different sizes",
      { rings: [{ cpu: 0, bytes: 4096 }, { cpu: 1, bytes: 8192 }] },
      "one size",
    ],
    [
      "more rings than memory",
      { rings: Array.from({ length: 20_000 }, (_, cpu) => ({ cpu, bytes: 65536 })) },
      "Cannot lay out 20000 rings",
    ],
    [
      "a BPF ring buffer of 1 GiB",
      { ring: "ringbuf", rings: [{ cpu: -1, bytes: 2 ** 30 }] },
      "of 1073741824 bytes",
    ],
    ["a CPU that is none", { rings: [{ cpu: -2, bytes: 4096 }] }, "rings.cpu is no integer of at least -1"],
    ["a ring that is none", { rings: [4096] }, "rings is no object"],
    ["rings that are none", { rings: 2 }, "rings is no array"],
    ["an unknown kind of ring", { ring: "circle" }, "ring is none of perf, ringbuf"],
    ["an unknown kind of source", { source: "dream" }, "source is none of kernel, memory"],
    ["unknown samples", { samples: "half" }, "samples is none of raw, whole"],
    ["an unknown way to dispatch", { dispatchBy: "luck" }, "dispatchBy is none of category, all"],
    ["categories that have no names", { categories: [1] }, "categories is no text"],
    ["a command of numbers", { command: [1] }, "command is no text"],
    ["no page size", { pageBytes: 0 }, "pageBytes is no integer of at least 1"],
    ["a kernel that is a number", { kernel: 6.18 }, "kernel is no text"],
    ["an offset that is no number", { wallOffsetNs: "1e9" }, "wallOffsetNs is no number"],
    ["a beginning at no time", { started: "then" }, "started is no time"],
  ] as const
) {
  Deno.test(`a header of ${what} is refused`, () => {
    withFile((path) => {
      writeFile(path, [END], { ...HEADER, ...change });
      const error = assertThrows(() => Recording.open(path), DamagedRecordingError);
      assertStringIncludes(error.message, `corrupt at offset ${FILE_HEAD.bytes} (`);
      assertStringIncludes(error.message, reason);
    });
  });
}

Deno.test("a header of as many BPF ring buffers as memory holds is read", () => {
  withFile((path) => {
    const rings = Array.from({ length: 131_000 }, () => ({ cpu: -1, bytes: 4096 }));
    writeFile(path, [END], { ...HEADER, ring: "ringbuf", rings });
    using recording = Recording.open(path);
    assertEquals(recording.header.rings.length, rings.length);
  });
});

Deno.test("what a header says beyond what is known is ignored", () => {
  withFile((path) => {
    writeFile(path, [END], { ...HEADER, mood: "good" });
    assertEquals(readBlocks(path).end, "complete");
  });
});

Deno.test("a file whose first block is no header is refused", () => {
  withFile((path) => {
    Deno.writeFileSync(path, Uint8Array.of(...fileHead(), ...END));
    assertThrows(() => Recording.open(path), DamagedRecordingError, "its first block is no header");
  });
});

Deno.test("a recording of another version is refused with both versions", async () => {
  const { crc32 } = await import("node:zlib");
  withFile((path) => {
    const head = fileHead();
    const view = new DataView(head.buffer);
    view.setUint32(FILE_HEAD.version, 2, true);
    view.setUint32(FILE_HEAD.crc, crc32(head.subarray(0, FILE_HEAD.crc)), true);
    Deno.writeFileSync(path, head);
    const error = assertThrows(() => Recording.open(path), EventPipeError);
    assertStringIncludes(error.message, "a recording of version 2, this program reads version 1");
    assertEquals(error.code, "NOT_SUPPORTED");
  });
});

Deno.test("what is no file, or no recording, is refused with the reason", () => {
  withFile((path) => {
    const missing = assertThrows(() => Recording.open(path), EventPipeError, `Cannot open ${path}: `);
    assertInstanceOf(missing.cause, SyscallError);
    assertEquals(missing.cause.code, "ENOENT");
    Deno.writeTextFileSync(path, "just a text\n");
    assertThrows(() => Recording.open(path), EventPipeError, `Cannot read ${path}: it is no recording`);
  });
  assertThrows(() => Recording.open("/"), EventPipeError, "Cannot read /: it is no regular file");
  assertThrows(() => Recording.open("/dev/null"), EventPipeError, "it is no regular file");
});
