/** Tests of the text output: one line an event, nothing a stranger wrote is obeyed, four ways to tell the time. */

import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import fc from "fast-check";
import { createText } from "../../../src/trace/text.ts";
import { call, ERROR, event, events, HEADER, LOSS, SUMMARY, wholeRun } from "./_events.ts";

/** What stands behind the time of an event. */
function shown(given: Parameters<typeof event>[0]): string {
  const text = createText({ time: "mono" }).event(event(given));
  return /\d\.\d{6}: (.*)\n$/s.exec(text)![1]!;
}

Deno.test("text of a whole run is that of the fixture", async () => {
  const fixture = await Deno.readTextFile(new URL("../../fixtures/trace/run.txt", import.meta.url));
  assertEquals(wholeRun(createText({ time: "mono" })), fixture);
});

Deno.test("every event is one line of harmless characters that begins with a space, whatever it holds", () => {
  // The kernel makes names of events and fields: letters, digits, _ and a colon.
  const fields = fc.dictionary(fc.stringMatching(/^[a-z_]{1,9}$/), fc.string({ unit: "binary" }));
  fc.assert(
    fc.property(events, fields, fc.constantFrom("cat:name", "openat"), (given, args, name) => {
      const text = createText().event({ ...given, args, event: name });
      assertMatch(text, /^ [^\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]*\n$/u);
    }),
    { numRuns: 2000, seed: 54 },
  );
});

Deno.test("a name of 15 characters that begins like a loss does not make a line that does", () => {
  const text = createText().event(event({ comm: "[cpu 1] LOST 1\n" }));
  assertMatch(text, /^ \[cpu 1\] LOST 1\\n 13464\/13464 \[001\]/);
});

Deno.test("different strings stay different when they are escaped, and can be told from each other's escapes", () => {
  const unit = fc.constantFrom(
    "\\",
    "\n",
    "n",
    "x",
    "1",
    "b",
    "\u001b",
    '"',
    " ",
    "",
    "\u202e",
    "u",
    "{",
    "}",
  );
  const short = fc.array(unit, { maxLength: 4 }).map((units) => units.join(""));
  const show = (text: string): string => shown({ args: { text } });
  fc.assert(
    fc.property(short, short, (a, b) => assertEquals(show(a) === show(b), a === b)),
    { numRuns: 5000, seed: 55 },
  );
  const escaped = ["\n", "\\n", "\u001b", "\u202e"].map((text) => show(text).replace(/^.* text=/, ""));
  assertEquals(escaped, ['"\\n"', "\\\\n", "\\x1b", "\\u{202e}"]);
});

Deno.test("a field of a tracepoint is quoted only where it could mislead", () => {
  const args = {
    plain: "/bin/true",
    spaced: "x pid=1",
    quoted: '"',
    empty: "",
    reason: "(unreadable)",
    array: "[1,2]",
    list: [1, 2n ** 63n],
  };
  assertEquals(
    shown({ args }),
    'sched:sched_process_exec: plain=/bin/true spaced="x pid=1" quoted="\\"" empty="" ' +
      'reason="(unreadable)" array="[1,2]" list=[1,9223372036854775808]',
  );
});

Deno.test("a system call has its arguments, its result and its duration to the nearest microsecond", () => {
  const given = call();
  assertEquals(
    shown(given),
    'openat(dfd: -100, filename: "/etc/hostname", flags: 0, mode: 0) = 3 <0.000023>',
  );
  const end = (call: { ret: bigint | null; durationNs: bigint | null }): string =>
    shown({ ...given, args: {}, call });
  assertEquals(end({ ret: 0n, durationNs: 1_999_999_500n }), "openat() = 0 <2.000000>");
  assertEquals(end({ ret: null, durationNs: null }), "openat() = ?");
});

Deno.test("a result from -4095 to -1 is an error by name, any other a number", () => {
  const result = (ret: bigint): string => shown({ args: {}, event: "x", call: { ret, durationNs: null } });
  assertEquals(result(-2n), "x() = -1 ENOENT");
  assertEquals(result(-512n), "x() = -1 ERESTARTSYS");
  assertEquals(result(-4095n), "x() = -1 errno 4095");
  assertEquals(result(-4096n), "x() = -4096");
  assertEquals(result(-(2n ** 63n)), "x() = -9223372036854775808");
});

Deno.test("null is shown as its reason in parentheses", () => {
  const args = { filename: null, other: null };
  assertEquals(
    shown({ args, reasons: { filename: "unreadable\n" } }),
    "sched:sched_process_exec: filename=(unreadable\\n) other=(unknown)",
  );
});

Deno.test("a beautifier is asked about every value but null, and about results that are no errors", () => {
  const asked: unknown[] = [];
  const output = createText({
    time: "mono",
    beautify: {
      argument: (...args): string | null => {
        asked.push(args);
        return args[1] === "flags" ? "O_RDONLY\n" : null;
      },
      result: (...args): string | null => {
        asked.push(args);
        return "0x3";
      },
    },
  });
  const text = output.event(call({ args: { filename: "/x", flags: 0, gone: null } }));
  assertStringIncludes(text, 'openat(filename: "/x", flags: O_RDONLY\\n, gone: (unknown)) = 0x3');
  assertEquals(asked, [["openat", "filename", "/x"], ["openat", "flags", 0], ["openat", 3n]]);
  output.event(call({ args: {}, call: { ret: -2n, durationNs: 1n } }));
  assertEquals(asked.length, 3);
});

Deno.test("a command without a name is shown by its number", () => {
  assertMatch(createText().event(event({ comm: "" })), /^ +:13464 13464\/13464 /);
});

Deno.test("a loss stands at the beginning of its line, in red where colour is wanted", () => {
  const plain = createText({ time: "mono" });
  assertEquals(plain.lost(LOSS), "[cpu 1] LOST 115 events, noticed at 2631.475230\n");
  assertEquals(
    plain.lost({ ...LOSS, cpu: null, count: 1 }),
    "[all cpus] LOST 1 event, noticed at 2631.475230\n",
  );
  const painted = createText({ time: "mono", color: true });
  assertEquals(painted.lost(LOSS), "\x1b[31m[cpu 1] LOST 115 events, noticed at 2631.475230\x1b[0m\n");
  const error = "[error] unreadable_string in syscalls:sys_enter_openat, field filename";
  assertEquals(painted.error(ERROR), `\x1b[31m${error}\x1b[0m\n`);
});

Deno.test("header and summary are empty, since people read them on stderr", () => {
  const output = createText();
  assertEquals([output.header(HEADER), output.summary(SUMMARY, 0)], ["", ""]);
});

/** The times of lines of the run, with a loss between two events that do not come in order. */
function times(mode: "wall" | "mono" | "rel" | "delta" | undefined): string[] {
  const output = createText(mode === undefined ? {} : { time: mode });
  output.header(HEADER);
  const lines = [
    output.event(event({ time: 2631999999999n })),
    output.lost({ ...LOSS, time: 2632500000000n }),
    output.event(event({ time: 2632499998000n })),
    output.event(event({ time: 2699500000000n })),
  ];
  return lines.map((line) => /(\S+?)(?:: sched.*)?\n$/.exec(line)![1]!);
}

Deno.test("time mono tells seconds since boot", () => {
  assertEquals(times("mono"), ["2631.999999", "2632.500000", "2632.499998", "2699.500000"]);
});

Deno.test("time rel tells seconds since the first line", () => {
  assertEquals(times("rel"), ["0.000000", "0.500000", "0.499998", "67.500000"]);
});

Deno.test("time delta tells seconds since the line before, negative where time goes back", () => {
  assertEquals(times("delta"), ["0.000000", "0.500000", "-0.000002", "67.000002"]);
});

Deno.test("time wall, the default, tells the time of day in the local time zone", () => {
  const zone = Deno.env.get("TZ");
  try {
    Deno.env.set("TZ", "Asia/Kolkata");
    const expected = ["10:31:02.999999", "10:31:03.500000", "10:31:03.499998", "10:32:10.500000"];
    assertEquals(times("wall"), expected);
    assertEquals(times(undefined), expected);
    Deno.env.set("TZ", "UTC");
    assertEquals(times("wall")[0], "05:01:02.999999");
  } finally {
    if (zone === undefined) Deno.env.delete("TZ");
    else Deno.env.set("TZ", zone);
  }
});
