/** Tests of the command-line layer: typed values, every kind of wrong use, and the help text. */

import { assertEquals, assertRejects, assertStringIncludes, assertThrows } from "@std/assert";
import {
  type Command,
  didYouMean,
  helpText,
  oneOf,
  parseCommand,
  type ParsedCommand,
  runCommand,
  UsageError,
} from "../../../src/cli/args.ts";
import { EXIT_LOSS, EXIT_OK, EXIT_USAGE } from "../../../src/cli/exit.ts";
import { parseBytes, parseDurationMs } from "../../../src/cli/units.ts";

const OPTIONS = {
  ring: { type: "list", short: "r", value: "SIZE", help: "Ring sizes", default: "64KiB", parse: parseBytes },
  time: { type: "string", value: "TIME", help: "How long", default: "10s", parse: parseDurationMs },
  out: { type: "string", short: "o", value: "DIR", help: "Where results go" },
  waiter: { type: "string", value: "NAME", help: "How to wait", parse: oneOf("epoll", "poll", "spin") },
  "fail-on-loss": { type: "boolean", short: "f", help: "Exit 4 when events were lost" },
  verbose: { type: "boolean", short: "v", help: "Say more" },
} as const;
const PLAIN = { name: "demo", summary: "A command for tests.", options: OPTIONS } as const;
const FILES = { ...PLAIN, positionals: { usage: "FILE [FILE]", help: "Results", min: 1, max: 2 } } as const;
const TRACED = { ...PLAIN, rest: { usage: "COMMAND [ARG...]", help: "The command to trace" } } as const;

function parsePlain(...argv: string[]): ParsedCommand<typeof OPTIONS> {
  return parseCommand(PLAIN, argv);
}

Deno.test("parseCommand gives typed defaults for an empty command line", () => {
  const { options, positionals, rest } = parsePlain();
  // The annotations are part of the test: the types follow from the declarations.
  const ring: readonly number[] = options.ring;
  const time: number = options.time;
  const out: string | undefined = options.out;
  const waiter: "epoll" | "poll" | "spin" | undefined = options.waiter;
  const failOnLoss: boolean = options.failOnLoss;
  assertEquals({ ring, time, out, waiter, failOnLoss }, {
    ring: [65536],
    time: 10_000,
    out: undefined,
    waiter: undefined,
    failOnLoss: false,
  });
  assertEquals([positionals, rest], [[], []]);
});

Deno.test("parseCommand reads long, short, joined and repeated options", () => {
  const table: [string[], Partial<ReturnType<typeof parsePlain>["options"]>][] = [
    [["--time", "250ms"], { time: 250 }],
    [["--time=2"], { time: 2000 }],
    [["-o", "dir"], { out: "dir" }],
    [["-o=dir"], { out: "dir" }],
    [["--out", "42"], { out: "42" }],
    [["--ring", "64KiB,1MiB"], { ring: [65536, 1048576] }],
    [["--ring", "64KiB", "-r", "128KiB"], { ring: [65536, 131072] }],
    [["-vf"], { verbose: true, failOnLoss: true }],
    [["--fail-on-loss"], { failOnLoss: true }],
    [["--verbose=false"], { verbose: false }],
    [["--waiter", "spin"], { waiter: "spin" }],
  ];
  for (const [argv, expected] of table) {
    const { options } = parsePlain(...argv);
    for (const [name, value] of Object.entries(expected)) {
      assertEquals(options[name as keyof typeof options], value, `${argv.join(" ")}: ${name}`);
    }
  }
});

Deno.test("parseCommand refuses wrong use with a UsageError that names the option", () => {
  const table: [string[], string][] = [
    [["--rinG", "1"], 'Unknown option --rinG (did you mean "--ring"?)'],
    [["--fail-on-los"], 'Unknown option --fail-on-los (did you mean "--fail-on-loss"?)'],
    [["--tmie=3"], 'Unknown option --tmie (did you mean "--time"?)'],
    [["--completely-else"], "Unknown option --completely-else"],
    [["--no-verbose"], "Unknown option --no-verbose"],
    [["-x"], "Unknown option -x"],
    [["-vx"], 'Unknown option -vx (letter "x")'],
    [["-ring"], 'Unknown option -ring (letter "i") (did you mean "--ring"?)'],
    [["--__proto__=1"], "Unknown option --__proto__"],
    [["--_", "1"], "Unknown option --_"],
    [["--out"], "Option --out needs a value: --out DIR"],
    [["--out="], "Option --out needs a value: --out DIR"],
    [["--out", "--verbose"], "Option --out needs a value: --out DIR"],
    [["--ring", "64KiB,"], "Option --ring needs a value: --ring SIZE"],
    [["--out", "a", "-o", "b"], "Option --out is given 2 times, but takes one value"],
    [["--time", "10x"], 'Option --time: Cannot parse time: "10x", expected'],
    [["--ring", "64KiB,64KB"], 'Option --ring: Cannot parse size: "64KB", expected'],
    [["--waiter", "epol"], 'Unknown name "epol" (did you mean "epoll"?), expected epoll, poll or spin'],
    [["--verbose=maybe"], 'Option --verbose takes no value, but got "maybe"'],
    [["-v=1"], 'Option --verbose takes no value, but got "1"'],
    [["file"], 'Unexpected argument "file": demo takes no arguments'],
    [["-v", "--", "file"], 'Unexpected argument "file": demo takes no arguments'],
  ];
  for (const [argv, message] of table) {
    assertThrows(() => parsePlain(...argv), UsageError, message, argv.join(" "));
  }
});

Deno.test("parseCommand lets an error of a value parser through when it is not about the value", () => {
  const broken = {
    name: "demo",
    summary: "",
    options: {
      a: {
        type: "string",
        value: "A",
        help: "",
        parse: (): never => {
          throw new SyntaxError("a bug");
        },
      },
    },
  } as const;
  assertThrows(() => parseCommand(broken, ["--a", "1"]), SyntaxError, "a bug");
});

Deno.test("parseCommand counts positionals and leaves them text", () => {
  assertEquals(parseCommand(FILES, ["1", "-v", "b.json"]).positionals, ["1", "b.json"]);
  assertEquals(parseCommand(FILES, ["a", "--", "--b"]).positionals, ["a", "--b"]);
  assertThrows(() => parseCommand(FILES, []), UsageError, "Missing argument: demo needs FILE [FILE]");
  assertThrows(() => parseCommand(FILES, ["a", "b", "c"]), UsageError, 'Unexpected argument "c"');
});

Deno.test("parseCommand leaves what follows -- unread for a command that takes a rest", () => {
  const parsed = parseCommand(TRACED, ["-v", "--", "ls", "--ring", "-l", "--"]);
  assertEquals(parsed.rest, ["ls", "--ring", "-l", "--"]);
  assertEquals([parsed.options.verbose, parsed.positionals], [true, []]);
  assertEquals(parseCommand(TRACED, ["--", "--help"]).rest, ["--help"]);
});

Deno.test("parseCommand skips a leading -- for a command that takes no rest", () => {
  assertEquals(parsePlain("--", "--verbose").options.verbose, true);
});

Deno.test("didYouMean suggests the nearest name only when it is near", () => {
  const names = ["throughput", "latency", "sweep"];
  assertEquals(didYouMean("latencie", names), ' (did you mean "latency"?)');
  assertEquals(didYouMean("SWEEP", names), ' (did you mean "sweep"?)');
  assertEquals(didYouMean("walrus", names), "");
  assertEquals(didYouMean("x", ["a", "b"]), "");
  assertEquals(didYouMean("x", []), "");
});

Deno.test("helpText lists usage, arguments, options with defaults, and examples in 100 columns", () => {
  const long = "A long text that says a lot about one small option. ".repeat(4).trim();
  const command: Command<typeof OPTIONS> = {
    ...TRACED,
    summary: long,
    positionals: { usage: "FILE...", help: long, min: 0, max: Infinity },
    examples: ["demo --ring 64KiB,1MiB"],
  };
  const help = helpText(command);
  assertStringIncludes(help, "Usage: deno task demo [OPTIONS] FILE... [-- COMMAND [ARG...]]");
  assertStringIncludes(help, "  -r, --ring SIZE,...  Ring sizes (default: 64KiB)");
  assertStringIncludes(help, "      --time TIME      How long (default: 10s)");
  assertStringIncludes(help, "  -h, --help           Print this text");
  assertStringIncludes(help, "Examples:\n  deno task demo --ring 64KiB,1MiB");
  for (const line of help.split("\n")) assertEquals(line.length <= 100, true, line);
});

/** Collect what `run` prints, with the console put back afterwards. */
async function printed(run: () => Promise<number>): Promise<{ status: number; out: string; err: string }> {
  const { log, error } = console;
  const lines = { out: "", err: "" };
  console.log = (text: string): void => void (lines.out += `${text}\n`);
  console.error = (text: string): void => void (lines.err += `${text}\n`);
  try {
    return { status: await run(), ...lines };
  } finally {
    Object.assign(console, { log, error });
  }
}

Deno.test("runCommand prints help on stdout and does not run, even beside a wrong option", async () => {
  let ran = false;
  const result = await printed(() =>
    runCommand(PLAIN, ["--bogus", "-h"], () => {
      ran = true;
      return 1;
    })
  );
  assertEquals(result, { status: EXIT_OK, out: `${helpText(PLAIN)}\n`, err: "" });
  assertEquals(ran, false);
});

Deno.test("runCommand turns a UsageError into exit status 2 and a hint on stderr", async () => {
  const wrongOption = await printed(() => runCommand(PLAIN, ["--bogus"], () => EXIT_OK));
  assertEquals(wrongOption, {
    status: EXIT_USAGE,
    out: "",
    err: "Unknown option --bogus\nTry: deno task demo --help\n",
  });
  const inMain = await printed(() =>
    runCommand(PLAIN, [], () => {
      throw new UsageError("Unknown suite");
    })
  );
  assertEquals([inMain.status, inMain.out], [EXIT_USAGE, ""]);
  assertStringIncludes(inMain.err, "Unknown suite\n");
});

Deno.test("runCommand passes on the status and the other errors of main", async () => {
  assertEquals(
    await runCommand(PLAIN, ["-v"], ({ options }) => options.verbose ? EXIT_LOSS : EXIT_OK),
    EXIT_LOSS,
  );
  await assertRejects(
    () => runCommand(PLAIN, [], () => Promise.reject(new TypeError("a bug"))),
    TypeError,
    "a bug",
  );
});
