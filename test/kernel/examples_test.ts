/** The tools of examples/, each in a process of its own, beside work whose events are known. */

import { assert, assertEquals, assertGreater, assertMatch, assertStringIncludes } from "@std/assert";
import { fileURLToPath } from "node:url";
import { kernelTest } from "./_kernel.ts";

const TOOLS = ["execsnoop", "killsnoop", "opensnoop", "runqlat", "syscount", "tcpstates"];

/** A tool that never sees what a test waits for ends by itself, and the test fails instead of waiting on. */
const LIMIT = ["--duration", "20s"];

/** A time of day, as rows begin with it. */
const TIME = /^\d\d:\d\d:\d\d\.\d{6} +/;

function command(tool: string, args: readonly string[]): Deno.Command {
  const path = fileURLToPath(new URL(`../../examples/${tool}.ts`, import.meta.url));
  return new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", path, ...args],
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
    env: { NO_COLOR: "1" },
  });
}

/** A tool that traces. */
class RunningTool implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  readonly #stdout: Lines;
  readonly #stderr: Lines;

  private constructor(child: Deno.ChildProcess) {
    this.#child = child;
    this.#stdout = new Lines(child.stdout);
    this.#stderr = new Lines(child.stderr);
  }

  /** Starts a tool; it traces when this returns. */
  static async start(tool: string, ...args: string[]): Promise<RunningTool> {
    const running = new RunningTool(command(tool, [...LIMIT, ...args]).spawn());
    await running.#stderr.find((line) => line.startsWith("Tracing"));
    return running;
  }

  /** The rows up to the first with a text, as their cells, without their times. */
  async rowsUntil(...texts: string[]): Promise<string[][]> {
    const lines = await this.#stdout.find((line) => texts.every((text) => line.includes(text)));
    return lines.filter((line) => TIME.test(line)).map((line) => line.replace(TIME, "").split(/ +/));
  }

  /** Ends the tool as Ctrl-C does, and returns what it printed after the rows that were read. */
  async end(): Promise<string[]> {
    this.#child.kill("SIGINT");
    const [rest, complaints, { code }] = await Promise.all([
      this.#stdout.rest(),
      this.#stderr.rest(),
      this.#child.status,
    ]);
    assertEquals([code, complaints], [0, []], "it ended in order and lost nothing");
    return rest;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      this.#child.kill("SIGKILL");
    } catch {
      // It has ended.
    }
    await Promise.all([this.#stdout.rest(), this.#stderr.rest(), this.#child.status]);
  }
}

/** The lines of a stream. */
class Lines {
  readonly #reader: ReadableStreamDefaultReader<string>;
  #begun = "";
  #waiting: string[] = [];
  #isEnded = false;

  constructor(stream: ReadableStream<Uint8Array<ArrayBuffer>>) {
    this.#reader = stream.pipeThrough(new TextDecoderStream()).getReader();
  }

  /** The lines up to the first that is wanted. */
  async find(isWanted: (line: string) => boolean): Promise<string[]> {
    const seen: string[] = [];
    for (;;) {
      const line = this.#waiting.shift();
      if (line !== undefined) seen.push(line);
      else if (!await this.#read()) throw new Error(`the tool ended after:\n${seen.join("\n")}`);
      if (line !== undefined && isWanted(line)) return seen;
    }
  }

  /** The lines up to the end. */
  async rest(): Promise<string[]> {
    while (await this.#read());
    return this.#waiting.splice(0);
  }

  async #read(): Promise<boolean> {
    if (this.#isEnded) return false;
    const { done, value = "" } = await this.#reader.read();
    this.#isEnded = done;
    const lines = (this.#begun + value).split("\n");
    this.#begun = lines.pop()!;
    this.#waiting.push(...lines);
    return !done;
  }
}

kernelTest("execsnoop shows a program that starts, and who forked it, though both end at once", async () => {
  await using tool = await RunningTool.start("execsnoop");
  const script = "/bin/true; exec /usr/bin/env true";
  const shell = new Deno.Command("/bin/sh", { args: ["-c", script], stdin: "null" }).spawn();
  const { success } = await shell.status;
  assert(success);
  const rows = await tool.rowsUntil(` ${shell.pid} `, "/usr/bin/env");
  const own = rows.filter(([pid, parent]) => [pid, parent].includes(String(shell.pid)));
  const child = own.find(([, parent]) => parent === String(shell.pid))?.[0];
  assertEquals(own, [
    [String(shell.pid), String(Deno.pid), "sh", "/bin/sh"],
    [child, String(shell.pid), "true", "/bin/true"],
    [String(shell.pid), String(Deno.pid), "env", "/usr/bin/env"],
  ]);
  await tool.end();
}, { tracefs: true });

kernelTest("execsnoop knows the parent of a process that was there before it", async () => {
  const shell = new Deno.Command("/bin/sh", { args: ["-c", "read go; exec /bin/cat"], stdin: "piped" })
    .spawn();
  await using tool = await RunningTool.start("execsnoop");
  const stdin = shell.stdin.getWriter();
  await stdin.write(new TextEncoder().encode("go\n"));
  const rows = await tool.rowsUntil("/bin/cat");
  assertEquals(rows.at(-1), [String(shell.pid), String(Deno.pid), "cat", "/bin/cat"]);
  await stdin.close();
  await shell.status;
  await tool.end();
}, { tracefs: true });

kernelTest(
  "opensnoop shows what was opened and what was not found, and names cannot drive the terminal",
  async () => {
    const folder = await Deno.makeTempDir();
    try {
      await using tool = await RunningTool.start("opensnoop", "--pid", String(Deno.pid));
      const there = `${folder}/there\x1b[31m`;
      await Deno.writeTextFile(there, "");
      (await Deno.open(there)).close();
      assertMissing(`${folder}/missing`);
      const rows = (await tool.rowsUntil(`${folder}/missing`)).filter((row) =>
        row.at(-1)!.startsWith(folder)
      );
      assertEquals(rows.map((row) => row.at(-1)), [
        `${folder}/there\\x1b[31m`,
        `${folder}/there\\x1b[31m`,
        `${folder}/missing`,
      ]);
      const results = rows.map((row) => row.at(-4)); // the name of the command may have spaces
      assertMatch(results[1]!, /^\d+$/);
      assertEquals(results[2], "-ENOENT");
      for (const row of rows) {
        assertEquals(row[0], String(Deno.pid));
        assertMatch(row.slice(-3, -1).join(" "), /^[\d.]+ (ns|us|ms|s)$/);
      }
      await tool.end();
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
  { tracefs: true },
);

kernelTest("opensnoop --failed shows errors alone", async () => {
  await using tool = await RunningTool.start("opensnoop", "--failed", "--pid", String(Deno.pid));
  (await Deno.open("/")).close();
  assertMissing("/no/such/file");
  const rows = await tool.rowsUntil("/no/such/file");
  assertEquals(rows.filter((row) => !row.at(-4)!.startsWith("-E")), []);
  await tool.end();
}, { tracefs: true });

kernelTest("syscount counts a known number of calls and of errors", async () => {
  await using tool = await RunningTool.start("syscount", "--top", "1000", "--pid", String(Deno.pid));
  for (let i = 0; i < 50; i++) assertExists("/tmp");
  const lines = (await tool.end()).map((line) => line.trim().split(/ +/));
  assertEquals(lines[0], ["CALLS", "ERRORS", "TIME", "CALL"]);
  const row = lines.find((cells) => /^mkdir(at)?$/.test(cells.at(-1)!));
  assertEquals(row?.slice(0, 2), ["50", "50"]);
  const counts = lines.slice(1).map(([calls]) => Number(calls));
  assertEquals(counts, counts.toSorted((a, b) => b - a), "the most frequent stand first");
}, { tracefs: true });

kernelTest("syscount --processes has a row for each process", async () => {
  await using tool = await RunningTool.start("syscount", "--processes", "--top", "1000");
  const { success } = await new Deno.Command("/bin/sh", { args: ["-c", "/bin/true; /bin/false; true"] })
    .output();
  assert(success);
  const rows = (await tool.end()).map((line) => line.trim());
  assertMatch(rows[0]!, /PID COMM$/);
  for (const comm of ["sh", "true", "false"]) assert(rows.some((row) => row.endsWith(` ${comm}`)), comm);
}, { tracefs: true });

kernelTest("runqlat measures a thread that is woken again and again, and its histogram adds up", async () => {
  const cat = new Deno.Command("/bin/cat", { stdin: "piped", stdout: "piped" }).spawn();
  const [input, output] = [cat.stdin.getWriter(), cat.stdout.getReader()];
  const echo = async (): Promise<void> => {
    await input.write(Uint8Array.of(10));
    await output.read();
  };
  await echo(); // it is no shell any more, and waits for more
  await using tool = await RunningTool.start("runqlat", "--tid", String(cat.pid));
  for (let i = 0; i < 20; i++) await echo();
  await input.close();
  assertEquals((await output.read()).done, true);
  await cat.status;
  const [heading = "", ...lines] = await tool.end();
  assertMatch(heading, /^ +us +: count +distribution$/);
  const total = lines.pop()!;
  assertMatch(total, /^\d+ waits, mean [\d.]+ [num]?s, longest [\d.]+ [num]?s$/);
  const slots = lines.map((line) => /^ *(\d+) -> (\d+) *: (\d+) *\|(\**) *\|$/.exec(line)!.slice(1));
  const count = slots.reduce((sum, [, , n]) => sum + Number(n), 0);
  assertGreater(count, 0);
  assertEquals(count, parseInt(total));
  slots.forEach(([from, to], index) => {
    assertEquals([from, to].map(Number), [index === 0 ? 0 : 2 ** index, 2 ** (index + 1) - 1]);
  });
  assertEquals(Math.max(...slots.map(([, , , bar]) => bar!.length)), 40);
}, { tracefs: true });

for (const [hostname, shown] of [["127.0.0.1", "127.0.0.1"], ["::1", "[::1]"]] as const) {
  kernelTest(
    `tcpstates shows both ends of a connection to ${hostname} through all their states`,
    async () => {
      using listener = Deno.listen({ hostname, port: 0 });
      const { port } = listener.addr;
      await using tool = await RunningTool.start("tcpstates", "--port", String(port));
      const client = await Deno.connect({ hostname, port });
      const server = await listener.accept();
      client.close();
      assertEquals(await server.read(new Uint8Array(1)), null);
      server.close();

      const local = `${shown}:${client.localAddr.port}`;
      const remote = `${shown}:${port}`;
      const rows = await tool.rowsUntil(" LAST_ACK -> CLOSE ");
      const steps = (from: string, to: string): string[] =>
        rows.filter((row) => row.includes(from) && row.includes(to) && row.indexOf(from) < row.indexOf(to))
          .map((row) => row.slice(-4, -1).join(" "));
      assertEquals(steps(`${shown}:0`, remote), ["CLOSE -> SYN_SENT"]);
      assertEquals(steps(local, remote), [
        "SYN_SENT -> ESTABLISHED",
        "ESTABLISHED -> FIN_WAIT1",
        "FIN_WAIT1 -> FIN_WAIT2",
        "FIN_WAIT2 -> CLOSE",
      ]);
      assertEquals(steps(remote, local), [
        "LISTEN -> SYN_RECV",
        "SYN_RECV -> ESTABLISHED",
        "ESTABLISHED -> CLOSE_WAIT",
        "CLOSE_WAIT -> LAST_ACK",
        "LAST_ACK -> CLOSE",
      ]);
      const begins = ["CLOSE", "LISTEN"]; // of new sockets, which were in no state before
      for (const row of rows) assertMatch(row.at(-1)!, begins.includes(row.at(-4)!) ? /^-$/ : /^\d+\.\d{3}$/);
      await tool.end();
    },
    { tracefs: true, trait: hostname === "::1" ? missingIpv6() : null },
  );
}

kernelTest("killsnoop shows who sends which signal to whom, and what came of it", async () => {
  await using tool = await RunningTool.start("killsnoop", "--pid", String(Deno.pid));
  const child = new Deno.Command("/bin/sleep", { args: ["60"] }).spawn();
  child.kill("SIGCONT");
  child.kill("SIGTERM");
  assertEquals((await child.status).signal, "SIGTERM");
  // Once it is reaped nobody has its number, until the numbers have gone round.
  assertGone(child.pid);
  // Deno itself kills a child it has no more use for, reaped or not.
  const rows = (await tool.rowsUntil(" SIGUSR1 ", ` ${child.pid} `)).filter((row) =>
    row.at(-3) !== "SIGKILL"
  );
  assertEquals(rows.map((row) => [row[0], ...row.slice(-3)]), [
    [String(Deno.pid), "SIGCONT", String(child.pid), "0"],
    [String(Deno.pid), "SIGTERM", String(child.pid), "0"],
    [String(Deno.pid), "SIGUSR1", String(child.pid), "-ESRCH"],
  ]);
  await tool.end();
}, { tracefs: true });

kernelTest("killsnoop --signal and --failed leave out the others", async () => {
  const pid = String(Deno.pid);
  await using tool = await RunningTool.start("killsnoop", "--pid", pid, "--signal", "SIGTERM", "--failed");
  const child = new Deno.Command("/bin/sleep", { args: ["60"] }).spawn();
  child.kill("SIGTERM");
  await child.status;
  assertGone(child.pid);
  assertGone(child.pid, "SIGTERM");
  const rows = await tool.rowsUntil("SIGTERM", "-ESRCH");
  assertEquals(rows.map((row) => row.slice(-3)), [["SIGTERM", String(child.pid), "-ESRCH"]]);
  await tool.end();
}, { tracefs: true });

for (const tool of TOOLS) {
  kernelTest(`${tool} ends by itself after --duration`, async () => {
    const { code, stderr } = await command(tool, ["-d", "50ms"]).output();
    assertEquals([code, new TextDecoder().decode(stderr)], [0, "Tracing; Ctrl-C ends it.\n"]);
  }, { tracefs: true });
}

kernelTest("a tool ends when nobody reads it any more", async () => {
  const child = command("opensnoop", LIMIT).spawn();
  const complaints = child.stderr.text();
  const reader = child.stdout.getReader();
  await reader.read();
  await reader.cancel();
  // What runs here opens files until the tool has noticed.
  const status = child.status.then(({ code }) => code);
  let code: number | null = null;
  while (code === null) {
    await Deno.readTextFile("/etc/hostname");
    code = await Promise.race([status, Promise.resolve(null)]);
  }
  assertEquals(code, 0);
  assertEquals(await complaints, "Tracing; Ctrl-C ends it.\n");
}, { tracefs: true });

for (const tool of TOOLS) {
  Deno.test(`${tool} has a help text, and refuses what it does not know with status 2`, async () => {
    const [help, wrong] = await Promise.all([
      command(tool, ["--help"]).output(),
      command(tool, ["--durration", "1s"]).output(),
    ]);
    const text = new TextDecoder();
    assertEquals(help.code, 0);
    assertStringIncludes(text.decode(help.stdout), `Usage: deno run -A examples/${tool}.ts [OPTIONS]`);
    assertEquals([wrong.code, text.decode(wrong.stdout)], [2, ""]);
    assertEquals(text.decode(wrong.stderr), `Unknown option --durration (did you mean "--duration"?)\n`);
  });
}

Deno.test("README.md and the tests name every tool", async () => {
  const folder = new URL("../../examples/", import.meta.url);
  const files = await Array.fromAsync(Deno.readDir(folder), ({ name }) => name);
  const tools = files.filter((name) => /^[^_].*\.ts$/.test(name)).map((name) => name.replace(".ts", ""));
  assertEquals(tools.sort(), TOOLS);
  const readme = await Deno.readTextFile(new URL("README.md", folder));
  for (const tool of TOOLS) assertStringIncludes(readme, `examples/${tool}.ts`);
});

function assertMissing(path: string): void {
  try {
    Deno.openSync(path).close();
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return;
    throw error;
  }
  throw new Error(`${path} is there`);
}

function assertExists(path: string): void {
  try {
    Deno.mkdirSync(path);
  } catch (error) {
    if (error instanceof Deno.errors.AlreadyExists) return;
    throw error;
  }
  throw new Error(`${path} was not there`);
}

function assertGone(pid: number, signal: Deno.Signal = "SIGUSR1"): void {
  try {
    Deno.kill(pid, signal);
  } catch {
    return;
  }
  throw new Error(`process ${pid} is there`);
}

function missingIpv6(): string | null {
  try {
    Deno.listen({ hostname: "::1", port: 0 }).close();
    return null;
  } catch {
    return "no IPv6";
  }
}
