/** `deno task record` on real BPF objects, and what `deno task replay` finds in its files. */

import { assert, assertEquals, assertGreater, assertStringIncludes } from "@std/assert";
import { onlineCpus } from "../../../src/source/cpus.ts";
import { commandArgs, type CommandOutcome, inFolder, runCli } from "../../unit/cli/_commands.ts";
import { kernelTest, testCpus, testProgram } from "../_kernel.ts";
import { workload } from "../trace/_trace.ts";

const CALLS = 3000;
const OBJECT = testProgram("record");
const needs = { programs: ["record"], tracefs: true, commands: ["gcc"] };
const [firstCpu = 0, secondCpu = firstCpu] = testCpus;

/** Calls dup so often on a CPU. */
async function callDup(cpu: number, count: number): Promise<void> {
  const { success } = await new Deno.Command(await workload(), {
    args: ["count", String(count)],
    env: { EVENTPIPE_TEST_CPU: String(cpu) },
    stdin: "null",
  }).output();
  assert(success);
}

/** Records while something happens, once all programs are attached, and ends it by a signal. */
async function recordWhile(
  args: readonly string[],
  happens: () => Promise<void>,
  signal: Deno.Signal = "SIGINT",
): Promise<CommandOutcome> {
  const child = new Deno.Command(Deno.execPath(), {
    args: [...commandArgs("record"), ...args],
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
    env: { NO_COLOR: "1" },
  }).spawn();
  const reader = child.stderr.pipeThrough(new TextDecoderStream()).getReader();
  let stderr = "";
  let isEnded = false;
  const readOn = async (): Promise<void> => {
    const { done, value } = await reader.read();
    isEnded = done;
    stderr += value ?? "";
  };
  while (!isEnded && !stderr.includes("Ctrl-C ends it")) await readOn();
  if (!isEnded) {
    await happens();
    child.kill(signal);
  }
  while (!isEnded) await readOn();
  const stdout = await child.stdout.text();
  return { code: (await child.status).code, stdout, stderr };
}

/** The document of a recording. */
// deno-lint-ignore no-explicit-any -- the tests say by what they compare it with what it must be
async function documentOf(file: string): Promise<any> {
  const { code, stdout, stderr } = await runCli("replay", "--json", file);
  assertEquals([code, stderr], [0, ""]);
  return JSON.parse(stdout);
}

for (const signal of ["SIGINT", "SIGTERM"] as const) {
  kernelTest(`record attaches an object's programs and records until ${signal}`, async () => {
    await inFolder(async (folder) => {
      const file = `${folder}/dup.rings`;
      const args = ["-o", file, "--map", "events", OBJECT];
      const { code, stdout, stderr } = await recordWhile(args, () => callDup(firstCpu, CALLS), signal);
      assertEquals([code, stdout], [0, ""]);
      const [others, begun, ended, ...more] = stderr.trimEnd().split("\n");
      assertEquals(others, "Not attached, as their sections name no target: oversize, call");
      assertEquals(begun, `Recording on_dup into ${file}; Ctrl-C ends it`);
      assertStringIncludes(ended!, `${CALLS} events of ${onlineCpus().length} rings, `);
      assertEquals(more, []);

      const { header, events, rings, categories, span, statistics, end } = await documentOf(file);
      assertEquals([end.state, events, statistics.unknown], ["complete", CALLS, CALLS]);
      assertEquals([header.source, header.ring, header.kernel], ["kernel", "perf", Deno.osRelease()]);
      assertEquals(header.command, ["deno", "task", "record", ...args]);
      assertEquals(header.rings, onlineCpus().map((cpu) => ({ cpu, bytes: 1024 * 1024 })));
      // deno-lint-ignore no-explicit-any -- as above
      const counted = rings.map(({ cpu, events }: any) => [cpu, events]);
      assertEquals(counted, onlineCpus().map((cpu) => [cpu, cpu === firstCpu ? CALLS : 0]));
      // deno-lint-ignore no-explicit-any -- as above
      assertEquals(categories.map((each: any) => [each.category, each.events]), [[0, 1000], [1, 1000], [
        2,
        1000,
      ]]);
      assertGreater(span.lastNs, span.firstNs);

      const lines = (await runCli("replay", "--events", "--format", "jsonl", file)).stdout.trimEnd().split(
        "\n",
      );
      const numbers = lines.slice(1, -1).map((line) => {
        const { data } = JSON.parse(line);
        return new DataView(Uint8Array.fromHex(data).buffer).getUint32(12, true);
      });
      assertEquals(numbers, Array.from({ length: CALLS }, (_, i) => 1_000_000 + i));
    });
  }, needs);
}

kernelTest("record records a BPF ring buffer of an object", async () => {
  await inFolder(async (folder) => {
    const file = `${folder}/dup.rings`;
    const args = ["-o", file, "--map", "calls", OBJECT];
    const { code, stderr } = await recordWhile(args, () => callDup(firstCpu, 900));
    assertEquals(code, 0);
    assertStringIncludes(stderr, "Losses are not counted here; there may be more\n");
    const { header, events, categories, rings: [ring] } = await documentOf(file);
    assertEquals([ring.cpu, ring.events, ring.lost], [-1, 900, null]);
    assertEquals([header.ring, header.rings], ["ringbuf", [{ cpu: -1, bytes: 65536 }]]);
    // deno-lint-ignore no-explicit-any -- as above
    assertEquals([events, ...categories.map((each: any) => each.events)], [900, 300, 300, 300]);
  });
}, needs);

kernelTest("record of a program without categories replays records from their first byte", async () => {
  await inFolder(async (folder) => {
    const file = `${folder}/exec.rings`;
    const { code, stderr } = await recordWhile(
      ["-o", file, "--dispatch-by", "all", testProgram("foreign")],
      async () => void await new Deno.Command("/bin/true", { stdin: "null" }).output(),
    );
    assertEquals(code, 0, stderr);
    const { header, events, categories, span } = await documentOf(file);
    assertEquals([header.dispatchBy, categories, span], ["all", [], null]);
    assertGreater(events, 0);
    const { stdout } = await runCli("replay", "--events", "--format", "jsonl", file);
    const name = new TextEncoder().encode("/bin/true\0").toHex();
    assertStringIncludes(stdout, name);
  });
}, { programs: ["foreign"], tracefs: true });

kernelTest("record tells losses by CPU, and replay tells the same", async () => {
  await inFolder(async (folder) => {
    const file = `${folder}/dup.rings`;
    const { code, stderr } = await recordWhile(
      ["-o", file, "--map", "events", "-m", "4096", "--cpu", String(secondCpu), OBJECT],
      () => callDup(secondCpu, 60_000),
    );
    assertEquals(code, 0);
    const { events, rings: [ring], header, statistics } = await documentOf(file);
    assertEquals(header.rings, [{ cpu: secondCpu, bytes: 4096 }]);
    assertGreater(ring.lost, 0, "the ring was never full");
    assertGreater(ring.gaps, 0);
    assertEquals([events + ring.lost, statistics.lost], [60_000, ring.lost]);
    assertStringIncludes(stderr, `${ring.lost} lost to full rings (CPU ${secondCpu}: ${ring.lost})`);
  });
}, needs);

kernelTest("record ends when its time is over", async () => {
  await inFolder(async (folder) => {
    const { code, stderr } = await runCli(
      "record",
      "-o",
      `${folder}/a`,
      "--map",
      "events",
      "-d",
      "50ms",
      OBJECT,
    );
    assertEquals(code, 0, stderr);
    assertStringIncludes(stderr, " events of ");
  });
}, needs);

for (
  const [what, args, message] of [
    ["two rings and no --map", [OBJECT], "has several rings; name one by --map: events, calls"],
    [
      "a map that is none of its rings",
      ["--map", "event", OBJECT],
      'has no ring "event" (did you mean "events"?)',
    ],
    [
      "an object without rings",
      [testProgram("constants")],
      "neither a perf event array nor a BPF ring buffer",
    ],
    ["a file that is not there", ["/no/such.bpf.o"], "Cannot open /no/such.bpf.o: "],
    ["a file that is no object", ["/etc/passwd"], "Cannot open /etc/passwd: "],
    [
      "a size for a BPF ring buffer",
      ["--map", "calls", "-m", "4096", OBJECT],
      '"calls" is a BPF ring buffer',
    ],
    ["a size that no ring has", ["--map", "events", "-m", "5000", OBJECT], "a ring of 5000 bytes"],
    ["a CPU that is not there", ["--map", "events", "-C", "4000", OBJECT], "this machine has no CPU 4000"],
    ["programs that do not attach", [testProgram("raw_output")], "attaches by its section: raw_output"],
  ] as const
) {
  kernelTest(`record of ${what} is wrong use and says why`, async () => {
    const { code, stdout, stderr } = await runCli("record", "-o", "/dev/null", ...args);
    assertEquals([code, stdout], [2, ""], stderr);
    assertStringIncludes(stderr, message);
  }, { programs: ["record", "constants", "raw_output"], tracefs: true });
}

kernelTest("record without the privilege exits with 3 and makes no file", async () => {
  await inFolder(async (folder) => {
    const { code, stderr } = await new Deno.Command("setpriv", {
      args: [
        ...["--bounding-set=-all", "--inh-caps=-all", Deno.execPath(), ...commandArgs("record")],
        ...["-o", `${folder}/a`, "--map", "events", OBJECT],
      ],
      stdin: "null",
    }).output();
    const text = new TextDecoder().decode(stderr);
    assertEquals(code, 3, text);
    assertStringIncludes(text, "Try: deno task doctor");
    assertEquals(await Array.fromAsync(Deno.readDir(folder)), []);
  });
}, { ...needs, commands: ["setpriv"] });
