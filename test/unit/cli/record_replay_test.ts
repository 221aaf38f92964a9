/** `deno task record --load` and `deno task replay`: what they print, and with which status they end. Needs no kernel. */

import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { nativeTest } from "../ffi/_native.ts";
import { HEADER, RecordedPipe } from "../record/_recordings.ts";
import { commandArgs, inFolder, runCli } from "./_commands.ts";

/** A recording with names, a loss, something unknown and something left out. */
function recordSome(path: string): void {
  using recorded = new RecordedPipe(path, {
    cpus: [0, 2],
    categories: ["ex\x1b[31mec"],
    command: ["some", "com\nmand"],
  });
  recorded.pipe.register({ name: "exec", process: () => {} });
  recorded.pipe.register({ name: "exit", process: () => {} });
  while (recorded.emit(0, 0, 1_500_000) === 0);
  recorded.pipe.consume();
  recorded.emit(0, 1, 2_000_000, 60);
  recorded.emit(1, 7, 3_500_000, 16);
  recorded.emit(1, 0, 0, 4);
  recorded.pipe.consume();
  recorded.finish();
}

const SOME_EVENTS = 127 + 3;

Deno.test("record --load makes a recording that replay finds whole", async () => {
  await inFolder(async (folder) => {
    const file = `${folder}/a.rings`;
    const recorded = await runCli("record", "-o", file, "--load", "1000x40");
    assertEquals([recorded.code, recorded.stdout], [0, ""]);
    assertMatch(recorded.stderr, /^1000 events of 2 rings, [\d.]+ KiB in .*a\.rings\n$/);

    const { code, stdout, stderr } = await runCli("replay", file);
    assertEquals([code, stderr], [0, ""]);
    const [facts = "", rings = "", categories = ""] = stdout.split("\n\n");
    assertStringIncludes(facts, `file      ${file}, complete\n`);
    assertStringIncludes(facts, "\nrings     2 perf of 64 KiB, in memory\n");
    assertStringIncludes(facts, `\ncommand   deno task record -o ${file} --load 1000x40\n`);
    assertMatch(facts, /\nevents {4}1000 within 0\.\d{6} s$/);
    assertEquals(rings.split("\n").map((line) => line.split(/ {2,}/).filter(Boolean)), [
      ["CPU", "events", "lost", "gaps", "corrupt", "corrupt bytes", "skipped", "left"],
      ["0", "500", "0", "0", "0", "0", "0", "0"],
      ["1", "500", "0", "0", "0", "0", "0", "0"],
    ]);
    assertEquals(
      categories,
      "category  events  bytes\n       0     334  14696\n       1     333  14652\n       2     333  14652\n",
    );
  });
});

Deno.test("replay --json prints one document with all that is known", async () => {
  await inFolder(async (folder) => {
    const file = `${folder}/a.rings`;
    recordSome(file);
    const { code, stdout } = await runCli("replay", "--json", file);
    assertEquals(code, 0);
    const { header, finished, statistics, ...report } = JSON.parse(stdout);
    const { started, rings, command, categories, ...rest } = header;
    assertEquals(rest, {
      source: HEADER.source,
      ring: HEADER.ring,
      samples: HEADER.samples,
      dispatchBy: HEADER.dispatchBy,
      countsLosses: true,
      pageBytes: 4096,
      kernel: null,
      wallOffsetNs: null,
    });
    assertEquals([rings, command, categories], [
      [{ cpu: 0, bytes: 4096 }, { cpu: 2, bytes: 4096 }],
      ["some", "com\nmand"],
      ["ex\x1b[31mec"],
    ]);
    assert(new Date(started) <= new Date(finished));
    assertEquals([statistics.dispatched, statistics.unknown, statistics.lost], [SOME_EVENTS - 1, 1, 1]);
    const none = { corrupt: 0, corruptBytes: 0, skipped: 0, left: 0 };
    assertEquals(report, {
      end: { state: "complete" },
      limited: false,
      events: SOME_EVENTS,
      span: { firstNs: 1_500_000_000, lastNs: 3_500_000_000 },
      rings: [
        { cpu: 0, events: 128, lost: 1, gaps: 1, ...none },
        { cpu: 2, events: 2, lost: 0, gaps: 0, ...none },
      ],
      categories: [
        { category: 0, name: "ex\x1b[31mec", events: 128, bytes: 127 * 20 + 4 },
        { category: 1, name: "exit", events: 1, bytes: 60 },
        { category: 7, name: null, events: 1, bytes: 20 },
      ],
    });
  });
});

Deno.test("replay writes names and words of a recording so that they cannot drive the terminal", async () => {
  await inFolder(async (folder) => {
    const file = `${folder}/a.rings`;
    recordSome(file);
    const { stdout } = await runCli("replay", file);
    assertStringIncludes(stdout, "\ncommand   some com\\nmand\n");
    assertStringIncludes(stdout, "ex\\x1b[31mec\n");
    assert(!stdout.includes("\x1b"));
  });
});

nativeTest("libc", "replay --events prints a line per event and per loss", async () => {
  await inFolder(async (folder) => {
    const file = `${folder}/a.rings`;
    recordSome(file);
    const { code, stdout, stderr } = await runCli("replay", "--events", file);
    assertEquals([code, stderr], [0, ""]);
    const lines = stdout.split("\n");
    assertEquals(lines.length, 127 + 1 + 3 + 1);
    assertEquals(
      lines[0],
      "1.500000 [000] 0 ex\\x1b[31mec 20 bytes: 00000000002f68590000000060e3160000000000",
    );
    assertEquals(lines.slice(127), [
      "[cpu 0] LOST 1 events",
      `2.000000 [000] 1 exit 60 bytes: 010000000094357700000000${"80841e0000000000".padEnd(40, "0")} ...`,
      "3.500000 [002] 7 20 bytes: 0700000000c39dd000000000e067350000000000",
      "[002] 0 ex\\x1b[31mec 4 bytes: 00000000",
      "",
    ]);
  });
});

nativeTest(
  "libc",
  "replay --events --format jsonl prints a header, events with all bytes, losses and a summary",
  async () => {
    await inFolder(async (folder) => {
      const file = `${folder}/a.rings`;
      recordSome(file);
      const { stdout } = await runCli("replay", "--events", "--format", "jsonl", file);
      const lines = stdout.trimEnd().split("\n").map((line) => JSON.parse(line));
      const types = lines.map(({ type }) => type);
      assertEquals(types, [
        "header",
        ...Array(127).fill("event"),
        "lost",
        ...Array(3).fill("event"),
        "summary",
      ]);
      assertEquals([lines[0].ring, lines[0].wallOffsetNs], ["perf", null]);
      assertEquals(lines[128], { type: "lost", cpu: 0, count: 1 });
      assertEquals(lines[129], {
        type: "event",
        ts: "2000000000",
        cpu: 0,
        category: 1,
        name: "exit",
        size: 60,
        data: `010000000094357700000000${"80841e0000000000".padEnd(96, "0")}`,
      });
      assertEquals([lines[131].ts, lines[131].category, lines[131].data], [null, 0, "00000000"]);
      const { events, rings } = lines.at(-1);
      assertEquals([events, rings[0].lost], [SOME_EVENTS, 1]);
    });
  },
);

nativeTest("libc", "replay -n ends after so many events", async () => {
  await inFolder(async (folder) => {
    const file = `${folder}/a.rings`;
    recordSome(file);
    const { code, stdout } = await runCli("replay", "--events", "-n", "2", "--format", "jsonl", file);
    const lines = stdout.trimEnd().split("\n").map((line) => JSON.parse(line));
    assertEquals([code, lines.map(({ type }) => type)], [0, ["header", "event", "event", "summary"]]);
    assertEquals([lines[3].events, lines[3].rings[0].left], [2, 0]);
  });
});

nativeTest("libc", "replay ends without a word when its reader goes away", async () => {
  await inFolder(async (folder) => {
    const file = `${folder}/a.rings`;
    await runCli("record", "-o", file, "--load", "20000");
    const { stdout, stderr } = await new Deno.Command("bash", {
      args: [
        "-c",
        '"$@" | head -1; echo "${PIPESTATUS[0]}"',
        "bash",
        Deno.execPath(),
        ...commandArgs("replay"),
        "--events",
        file,
      ],
      stdin: "null",
    }).output();
    const text = new TextDecoder();
    assertMatch(text.decode(stdout), /^[\d.]+ \[000\] 0 .*\n0\n$/);
    assertEquals(text.decode(stderr), "");
  });
});

for (
  const [what, change, where] of [
    ["cut", (file: Uint8Array): Uint8Array => file.subarray(0, file.length - 1), "is cut at offset "],
    ["damaged", (file: Uint8Array): Uint8Array => {
      const damaged = file.slice();
      damaged[damaged.length - 1]! ^= 1;
      return damaged;
    }, "is corrupt at offset "],
  ] as const
) {
  Deno.test(`replay prints all that is good of a ${what} file, says where it ends, and exits with 1`, async () => {
    await inFolder(async (folder) => {
      const file = `${folder}/a.rings`;
      recordSome(file);
      await Deno.writeFile(file, change(await Deno.readFile(file)));
      const { code, stdout, stderr } = await runCli("replay", "--json", file);
      const { end, events, finished, statistics, categories } = JSON.parse(stdout);
      assertEquals([code, end.state, events, finished, statistics], [
        1,
        what === "cut" ? "cut" : "corrupt",
        SOME_EVENTS,
        null,
        null,
      ]);
      assertEquals(categories[1].name, null);
      assertStringIncludes(stderr, `${file} ${where}${end.offset}`);
      assertStringIncludes(stderr, "all that stands in front of it was read\n");
    });
  });
}

Deno.test("replay exits with 1 where not even the header is whole, and with 2 where it is no recording", async () => {
  await inFolder(async (folder) => {
    const file = `${folder}/a.rings`;
    recordSome(file);
    await Deno.truncate(file, 100);
    const cut = await runCli("replay", file);
    assertEquals([cut.code, cut.stdout], [1, ""]);
    assertStringIncludes(cut.stderr, "it is cut at offset 16, and so has no header");
    await Deno.writeTextFile(file, "no recording");
    for (const [path, message] of [[file, "it is no recording"], [`${file}.none`, "ENOENT"]] as const) {
      const { code, stdout, stderr } = await runCli("replay", path);
      assertEquals([code, stdout], [2, ""]);
      assertStringIncludes(stderr, message);
      assertStringIncludes(stderr, "Try: deno task replay --help");
    }
  });
});

for (
  const [name, args, message] of [
    ["replay", [], "replay needs FILE"],
    ["replay", ["--json", "--events", "x"], "Choose --json or --events"],
    ["replay", ["--format", "text", "x"], "--format and --count are for --events"],
    ["replay", ["--events", "-n", "0", "x"], "--count must be at least 1"],
    ["record", ["--load", "10"], "No file is named: -o FILE"],
    ["record", ["-o", "/no/such/x"], "Name a BPF object to record, or try --load 1000"],
    ["record", ["-o", "/no/such/x", "--load", "10", "a.bpf.o"], "Name an object or --load, not both"],
    [
      "record",
      ["-o", "/no/such/x", "--load", "10", "--map", "events"],
      "--map, --cpu and --wakeup are for objects",
    ],
    ["record", ["-o", "/no/such/x", "--load", "10x12"], "bytes from 20 on"],
    ["record", ["-o", "/no/such/x", "--load", "10x20x30"], "expected a count and bytes"],
    ["record", ["-o", "/no/such/x", "--load", "some"], "Cannot parse count"],
    [
      "record",
      ["-o", "/no/such/x", "--load", "10x5000", "-m", "4096"],
      "rings of 4096 bytes take at most 4076",
    ],
    ["record", ["-o", "/no/such/x", "--load", "10", "-m", "5000"], "a ring of 5000 bytes"],
    ["record", ["-o", "/no/such/x", "--load", "10"], "Cannot open /no/such/x for writing"],
    ["record", ["-o", "/no/such/x", "--dispatch-by", "chance", "--load", "10"], "expected category or all"],
  ] as const
) {
  Deno.test(`${name} ${args.join(" ")} is wrong use and says why`, async () => {
    const { code, stdout, stderr } = await runCli(name, ...args);
    assertEquals([code, stdout], [2, ""]);
    assertStringIncludes(stderr, message);
  });
}

Deno.test("record says when the file has reached its limit, and exits in order", async () => {
  await inFolder(async (folder) => {
    const file = `${folder}/a.rings`;
    const { code, stderr } = await runCli("record", "-o", file, "--load", "1000000", "--max-bytes", "200KiB");
    assertEquals(code, 0);
    assertStringIncludes(stderr, "The file has reached its limit: what came then is not in it\n");
    const { size } = await Deno.stat(file);
    assert(size < 210 * 1024, `${size} bytes`);
    const { stdout } = await runCli("replay", file);
    assertStringIncludes(stdout, "complete, ends at its limit\n");
  });
});

Deno.test("record exits with 1 where the disk is full, and says what became of the file", async () => {
  const { code, stdout, stderr } = await runCli("record", "-o", "/dev/full", "--load", "1000000");
  assertEquals([code, stdout], [1, ""]);
  assertStringIncludes(stderr, "Cannot write to /dev/full: write returned ENOSPC (28)\n");
  assertStringIncludes(stderr, "What /dev/full holds up to there can be replayed\n");
});

Deno.test("record ends after its time", async () => {
  await inFolder(async (folder) => {
    const file = `${folder}/a.rings`;
    const { code } = await runCli(
      "record",
      "-o",
      file,
      "--load",
      "100000000000",
      "-d",
      "100ms",
      "--max-bytes",
      "1GiB",
    );
    assertEquals(code, 0);
    assertStringIncludes((await runCli("replay", file)).stdout, ", complete\n");
  });
});

for (const name of ["record", "replay"] as const) {
  Deno.test(`${name} --help shows examples`, async () => {
    const { code, stdout } = await runCli(name, "--help");
    assertEquals(code, 0);
    assertStringIncludes(stdout, `Usage: deno task ${name} [OPTIONS]`);
    assertStringIncludes(stdout, `  deno task ${name} `);
  });
}
