/** How a trace ends: by signals, closed pipes and time; what it costs an idle machine; what it leaves behind. */

import { assert, assertEquals, assertLess, assertStringIncludes } from "@std/assert";
import { libc } from "../../../src/ffi/libc.ts";
import { kernelTest } from "../_kernel.ts";
import { BACKENDS, eventsOf, inFolder, linesOf, RunningTrace, trace, TRACER } from "./_trace.ts";

const needs = { tracefs: true };
const text = new TextDecoder();

/** Runs a script of bash with the tracer as "$@". */
async function bash(script: string, args: readonly string[]): Promise<{ stdout: string; stderr: string }> {
  const { stdout, stderr } = await new Deno.Command("bash", {
    args: ["-c", script, "bash", Deno.execPath(), ...TRACER, ...args],
    stdin: "null",
    env: { NO_COLOR: "1" },
  }).output();
  return { stdout: text.decode(stdout), stderr: text.decode(stderr) };
}

/** Programs that start, make system calls and end, until this is disposed of. */
class BusyShell implements AsyncDisposable {
  readonly #process = new Deno.Command("timeout", {
    args: ["60", "sh", "-c", "while :; do cat /etc/hostname; sleep 0.005; done"],
    stdin: "null",
    stdout: "null",
  }).spawn();

  async [Symbol.asyncDispose](): Promise<void> {
    this.#process.kill("SIGTERM"); // timeout passes it on
    await this.#process.status;
  }
}

for (const backend of BACKENDS) {
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    kernelTest(`${backend}: ${signal} ends the trace in order, with its summary and status 0`, async () => {
      const tracer = await RunningTrace.start(["--backend", backend, "sched:sched_process_exec"]);
      tracer.process.kill(signal);
      const { code, lines, stderr } = await tracer.end();
      assertEquals([code, stderr], [0, ""]);
      const { events, exit, exact } = lines.at(-1)!;
      assertEquals([events, exit, exact], [eventsOf(lines).length, 0, true]);
    }, needs);
  }

  kernelTest(`${backend}: a signal goes on to the command, and its status comes back`, async () => {
    const tracer = await RunningTrace.start([
      "--backend",
      backend,
      "sched:sched_process_fork",
      "--",
      "sleep",
      "60",
    ]);
    tracer.process.kill("SIGTERM");
    const { code, lines } = await tracer.end();
    assertEquals([code, lines.at(-1)?.exit], [143, 143]);
  }, needs);

  kernelTest(
    `${backend}: a reader that goes away ends the trace with status 0 and without a word`,
    async () => {
      const script = '"$@" | head -1 >/dev/null; echo "${PIPESTATUS[@]}"';
      const { stdout, stderr } = await bash(script, ["--backend", backend, "sched:sched_switch"]);
      assertEquals([stdout, stderr], ["0 0\n", ""]);
    },
    needs,
  );

  kernelTest(`${backend}: a reader that goes away is noticed where no event comes`, async () => {
    const script = '"$@" | true; echo "${PIPESTATUS[@]}"';
    const { stdout, stderr } = await bash(script, ["--backend", backend, "--comm", "no-such-comm", "dup"]);
    assertEquals([stdout, stderr], ["0 0\n", ""]);
  }, needs);

  kernelTest(`${backend}: -d ends the trace after its time`, async () => {
    const began = performance.now();
    const { code, stdout } = await trace([
      ...["--backend", backend, "--format", "jsonl", "--comm", "no-such-comm", "-d", "300ms", "dup"],
    ]);
    assertEquals([code, linesOf(stdout).length], [0, 2]);
    const took = performance.now() - began;
    assert(took >= 300, `it took ${took} ms`);
  }, needs);

  kernelTest(`${backend}: -o writes a file, and a summary goes to standard error`, async () => {
    await inFolder(async (folder) => {
      const file = `${folder}/out`;
      const { code, stdout, stderr } = await trace([
        ...["--backend", backend, "-o", file, "-s", "sched:sched_process_exec", "--", "echo", "said"],
      ]);
      assertEquals([code, stdout], [0, "said\n"]);
      assertStringIncludes(stderr, "1 event in ");
      assertStringIncludes(stderr, "No event is missing.");
      const lines = (await Deno.readTextFile(file)).trimEnd().split("\n");
      assertEquals(lines.length, 1);
      assertStringIncludes(lines[0]!, "sched:sched_process_exec: filename=");
    });
  }, needs);

  kernelTest(`${backend}: tracing every switch does not keep an idle machine busy`, async () => {
    const tracer = await RunningTrace.start(["--backend", backend, "sched:sched_switch", "-d", "2s"]);
    const threads = new Set<number>();
    for await (const { name } of Deno.readDir(`/proc/${tracer.process.pid}/task`)) threads.add(Number(name));
    const { code, lines } = await tracer.end();
    assertEquals(code, 0);
    // The switches to the tracer are its own making. A wake-up per event makes tens of thousands, half of all; whatever
    // else runs here makes the tracer run too, but once for many events.
    const events = eventsOf(lines);
    const own = events.filter(({ args }) => threads.has(args.next_pid));
    assertLess(own.length, Math.max(2 * 1000, events.length / 5));
  }, needs);
}

kernelTest("all system calls are traced, and the trace ends at once", async () => {
  await inFolder(async (folder) => {
    const file = `${folder}/out`;
    // An idle machine makes no calls: a shell that starts programs does, until it is ended.
    await using _busy = new BusyShell();
    const began = performance.now();
    const { code } = await trace(["syscalls:*", "-d", "300ms", "--format", "jsonl", "-o", file]);
    const took = performance.now() - began;
    assertEquals(code, 0);
    // Their tracepoints alone would take a minute to detach. To attach waits for others who change tracepoints now.
    assertLess(took, 40_000);
    const lines = linesOf(await Deno.readTextFile(file));
    const events = lines[0]!.events as string[];
    assert(events.length > 500, `${events.length} events`);
    const { exact, missed } = lines.at(-1)!;
    assertEquals([exact, missed], [true, 0]);
    const names = new Set(eventsOf(lines).map(({ event }) => event));
    for (const name of ["execve", "openat", "read", "exit_group"]) {
      assert(names.has(`syscalls:sys_enter_${name}`), `no ${name} among ${[...names].join(" ")}`);
    }
  });
}, needs);

kernelTest("what was slow to detach is gone soon after the tracer has ended", async () => {
  const tracer = await RunningTrace.start(["sched:sched_process_exec", "sched:sched_process_exit", "dup"]);
  const links = linksOf(tracer.process.pid);
  assertEquals(links.length, 4, "two tracepoints, the beginning and the end of a call");
  tracer.process.kill("SIGINT");
  const began = performance.now();
  assertEquals((await tracer.end()).code, 0);
  while (await countLinks(links) > 0) {
    assertLess(performance.now() - began, 10_000, "the programs are still attached");
  }
}, { tracefs: true, commands: ["bpftool"] });

/** The BPF links that a process holds, by their ids. */
function linksOf(pid: number): number[] {
  return Array.from(Deno.readDirSync(`/proc/${pid}/fdinfo`), ({ name }) => {
    const info = Deno.readTextFileSync(`/proc/${pid}/fdinfo/${name}`);
    return Number(/^link_id:\s*(\d+)$/m.exec(info)?.[1] ?? 0);
  }).filter((id) => id > 0);
}

async function countLinks(ids: readonly number[]): Promise<number> {
  const { stdout } = await new Deno.Command("bpftool", { args: ["-j", "link", "list"], stdin: "null" })
    .output();
  const links: { readonly id: number }[] = JSON.parse(text.decode(stdout));
  return links.filter(({ id }) => ids.includes(id)).length;
}

kernelTest("a trace that cannot be written ends with the reason and without a stack", async () => {
  for (const args of [["-o", "/dev/full"], ["-o", "/no/such/folder/file"]]) {
    const { code, stderr } = await trace([...args, "sched:sched_switch"]);
    assert(code === 1 || code === 2, `status ${code}`);
    assertStringIncludes(stderr, args[1]!);
    assertEquals(stderr.includes("    at "), false, stderr);
  }
}, needs);

// Bound here, so that it is no leak of the test that needs it first.
libc();
