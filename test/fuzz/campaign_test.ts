/** Campaigns and their command: what is found is told with all that repeats it, and a run that does not end is found too. */

import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { fileURLToPath } from "node:url";
import { type CampaignOptions, type Result, runCampaign } from "./campaign.ts";
import { resultLines } from "./main.ts";

/** Longer than any test takes; what ends earlier does not wait for it. */
const LONG_MS = 60_000;

function run(target: string, options: Partial<CampaignOptions> = {}): Promise<Result> {
  return runCampaign({
    worker: new URL("_broken_worker.ts", import.meta.url),
    target,
    seed: 1,
    durationMs: LONG_MS,
    path: "",
    patienceMs: LONG_MS,
    signal: new AbortController().signal,
    onProgress: () => {},
    ...options,
  });
}

Deno.test("a campaign that finds something ends with it, made smaller", async () => {
  const { runs, finding } = await run("failing");
  assert(finding !== null);
  assertEquals(finding.input, "1000");
  assertStringIncludes(finding.error, "Error: 1000 is too large\n    at ");
  assertEquals((await run("failing", { seed: finding.seed })).runs, 1);
  assert(runs >= 1);
});

Deno.test("a run that does not end ends the campaign, with its seed", async () => {
  const { finding } = await run("endless", { patienceMs: 500 });
  assert(finding !== null);
  assertEquals([finding.input, finding.error], [null, "the run does not end within 0.5 s"]);
  assertEquals((await run("failing", { seed: finding.seed })).runs, 1);
});

Deno.test("a campaign ends at its time, and tells how far it is until then", async () => {
  const told: number[] = [];
  const { runs, finding, elapsedMs } = await run("fine", {
    durationMs: 700,
    onProgress: (progress) => told.push(progress.runs),
  });
  assertEquals(finding, null);
  assert(elapsedMs >= 700);
  assert(told.length > 0 && told.at(-1)! > 0 && told.every((count) => count <= runs), `${told} of ${runs}`);
});

Deno.test("a campaign that is interrupted ends in order", async () => {
  const interrupt = new AbortController();
  const { finding, elapsedMs } = await run("fine", {
    signal: interrupt.signal,
    onProgress: ({ runs }) => runs > 0 && interrupt.abort(),
  });
  assertEquals(finding, null);
  assert(elapsedMs < LONG_MS);
});

Deno.test("a Worker that fails is an error, not a finding", async () => {
  await assertRejects(() => run("missing"), Error, "there is no missing");
});

Deno.test("what was found is printed with its input, its seed and the command that repeats it", () => {
  const finding = { seed: 77, input: '{"steps":[]}', error: "Error: count is 0" };
  assertEquals(resultLines("perf", 5, { runs: 12_345, elapsedMs: 2000, finding }), [
    "Error: count is 0",
    'input: {"steps":[]}',
    "seed: 77",
    "again: deno task fuzz --target perf --seed 77",
    "perf: 12,345 runs in 2.0 s, 6,173/s, seed 5: found one",
  ]);
});

/** Runs the command. */
async function command(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  const main = fileURLToPath(new URL("main.ts", import.meta.url));
  const process = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-check", main, ...args],
    stdin: "null",
  });
  const { code, stdout, stderr } = await process.output();
  return { code, out: new TextDecoder().decode(stdout), err: new TextDecoder().decode(stderr) };
}

Deno.test("the command says in one line that it has found nothing", async () => {
  const { code, out, err } = await command("--target", "ringbuf", "--seconds", "500ms", "--seed", "1");
  assertEquals([code, out.match(/\n/g)!.length], [0, 1], err);
  assert(/^ringbuf: [\d,]+ runs in \d+\.\d s, [\d,]+\/s, seed 1: nothing found\n$/.test(out), out);
  assert(/^ringbuf: .* s left\n/.test(err), err);
});

Deno.test("the command refuses what it does not understand, and explains itself", async () => {
  const wrong = [
    [[], "Missing option --target: one of perf, ringbuf, record-file"],
    [["--target", "perff"], 'Unknown name "perff" (did you mean "perf"?)'],
    [["--target", "perf", "--seconds", "0"], "Option --seconds: expected more than 0"],
    [["--target", "perf", "--seed", "4294967296"], "4294967296 is not below 2^32"],
  ] as const;
  for (const [args, message] of wrong) {
    const { code, out, err } = await command(...args);
    assertEquals([code, out], [2, ""]);
    assertStringIncludes(err, message);
  }
  const { code, out } = await command("--help");
  assertEquals(code, 0);
  assertStringIncludes(out, "deno task fuzz --target perf\n");
});
