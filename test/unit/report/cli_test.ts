/** `deno task report` and `deno task compare` in processes of their own: files, output, exit status. */

import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { fileURLToPath } from "node:url";
import { renderReport } from "../../../src/report/markdown.ts";
import { renderPage } from "../../../src/report/html/page.ts";
import { latencyStage } from "../../../src/report/percentiles.ts";
import { parseResults, type Results } from "../../../src/report/schema.ts";
import { writeReports } from "../../../src/report/write_reports.ts";
import { cell, environment, results } from "./_cells.ts";

interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a command in a folder. */
async function run(cwd: string, name: "report" | "compare", ...args: readonly string[]): Promise<Outcome> {
  const [config, main] = ["deno.json", `src/cli/${name}.ts`].map((path) =>
    fileURLToPath(new URL(`../../../${path}`, import.meta.url))
  );
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-prompt", "--config", config!, main!, ...args],
    cwd,
    stdin: "null",
    env: { NO_COLOR: "1" },
  }).output();
  const text = new TextDecoder();
  return { code, stdout: text.decode(stdout), stderr: text.decode(stderr) };
}

/** Calls `test` with a new folder, which is gone afterwards. */
async function inFolder(test: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "eventpipe-report-" });
  try {
    await test(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** What is in a folder. */
async function namesIn(folder: string): Promise<string[]> {
  return (await Array.fromAsync(Deno.readDir(folder))).map(({ name }) => name).sort();
}

/** Writes a results file into a folder that it makes. */
async function put(folder: string, file: Results): Promise<void> {
  await Deno.mkdir(folder, { recursive: true });
  await Deno.writeTextFile(`${folder}/results.json`, JSON.stringify(file));
}

/** Five runs of one cell, each in a folder of its own. */
async function putRuns(folder: string, ns: number, changes: Partial<Results> = {}): Promise<void> {
  for (let run = 0; run < 5; run++) {
    const eventsPerSecond = 1e9 / (ns * (1 + 0.002 * (run - 2)));
    await put(`${folder}/${run}`, results([cell({ eventsPerSecond, cpuNsPerEvent: null })], changes));
  }
}

const RESULTS = results([cell(), cell({ ringBytes: 4096 })], { label: "one" });

Deno.test("report renders report.md and report.html beside a results file, given it or its folder", async () => {
  await inFolder(async (folder) => {
    await put(`${folder}/run`, RESULTS);
    for (const path of ["run", "run/", "run/results.json"]) {
      const { code, stdout, stderr } = await run(folder, "report", path);
      assertEquals([code, stderr, stdout], [0, "", "run/report.md\nrun/report.html\n"]);
    }
    assertEquals(await Deno.readTextFile(`${folder}/run/report.md`), renderReport(RESULTS));
    assertEquals(await Deno.readTextFile(`${folder}/run/report.html`), await renderPage(RESULTS));
    assertEquals(
      (await run(`${folder}/run`, "report", "results.json")).stdout,
      "./report.md\n./report.html\n",
    );
  });
});

Deno.test("report renders histograms where cells keep them, and leaves none of an earlier rendering", async () => {
  await inFolder(async (folder) => {
    const samples = Float64Array.of(1000, 2000, 3000);
    const latency = [latencyStage({ stage: "handled", from: "planned", samples })];
    await put(`${folder}/run`, results([cell({ rate: 10, latency })]));
    const data = await Deno.readTextFile(`${folder}/run/results.json`);
    await Deno.mkdir(`${folder}/run/hgrm`);
    await Deno.writeTextFile(`${folder}/run/hgrm/old.hgrm`, "");
    const { code, stdout } = await run(folder, "report", "run");
    assertEquals([code, stdout.trimEnd().split("\n")], [
      0,
      ["run/report.md", "run/report.html", "run/latency.hlog", "run/hgrm/"],
    ]);
    const names = await namesIn(`${folder}/run/hgrm`);
    assertEquals(names.length, 1);
    assertMatch(names[0]!, /^throughput-kernel_perf-256-KiB_.*_planned-to-handled\.hgrm$/);
    assertMatch(
      await Deno.readTextFile(`${folder}/run/latency.hlog`),
      /^Tag=throughput-kernel_.*,HISTFAAAA/m,
    );
    assertEquals(await Deno.readTextFile(`${folder}/run/results.json`), data);
    await put(`${folder}/run`, RESULTS);
    await run(folder, "report", "run");
    assertEquals(await namesIn(`${folder}/run`), ["report.html", "report.md", "results.json"]);
  });
});

Deno.test("writeReports writes the data too, into a folder that it makes", async () => {
  await inFolder(async (folder) => {
    const written = await writeReports(RESULTS, `${folder}/new/run`);
    assertEquals(written.map((path) => path.slice(folder.length)), [
      "/new/run/results.json",
      "/new/run/report.md",
      "/new/run/report.html",
    ]);
    assertEquals(parseResults(JSON.parse(await Deno.readTextFile(written[0]!))), RESULTS);
  });
});

Deno.test("report of a folder of folders renders each and an index, in which other benchmarks are listed", async () => {
  await inFolder(async (folder) => {
    await put(`${folder}/a`, RESULTS);
    await put(
      `${folder}/b`,
      results([cell({ source: "memory" })], { startedAt: "2026-01-03T00:00:00.000Z" }),
    );
    const other = {
      schema: "eventpipe-trace-bench/1",
      startedAt: "2026-01-01T00:00:00.000Z",
      environment: environment(),
    };
    await put(`${folder}/trace`, other as unknown as Results);
    await Deno.writeTextFile(`${folder}/trace/report.md`, "# kept\n");
    await Deno.mkdir(`${folder}/empty`);
    const { code, stdout } = await run(folder, "report", ".");
    assertEquals(code, 0);
    assertEquals(stdout.trimEnd().split("\n"), [
      "./a/report.md",
      "./a/report.html",
      "./b/report.md",
      "./b/report.html",
      "./index.html",
    ]);
    assertEquals(await Deno.readTextFile(`${folder}/trace/report.md`), "# kept\n");
    const rows = (await Deno.readTextFile(`${folder}/index.html`)).match(/<tr><td.*<\/tr>/g)!;
    assertEquals(rows.map((row) => /href="([^"]+)"/.exec(row)![1]), [
      "b/report.html",
      "a/report.html",
      "trace/report.md",
    ]);
    assertStringIncludes(rows[1]!, ">one</a>");
    assertStringIncludes(rows[1]!, "throughput: 2 cells, kernel events");
    assertStringIncludes(rows[2]!, "the tracer beside other tracers");
  });
});

Deno.test("report draws what bench_ringbufs printed, and refuses what it did not", async () => {
  await inFolder(async (folder) => {
    await put(`${folder}/run`, RESULTS);
    const line = "rb-sampled-1   9.507 ± 0.004M/s (drops 0.000 ± 0.000M/s)";
    await Deno.writeTextFile(
      `${folder}/mine.txt`,
      `Ringbuf back-to-back, effect of sample rate\n====\n${line}\n`,
    );
    assertEquals((await run(folder, "report", "--beside", "mine.txt", "run")).code, 0);
    const page = await Deno.readTextFile(`${folder}/run/report.html`);
    assertMatch(page, /<td[^>]*>mine\.txt<\/td>.*9\.507/);
    const { code, stderr } = await run(folder, "report", "--beside", "run/results.json", "run");
    assertEquals(code, 2);
    assertStringIncludes(stderr, "--beside run/results.json: Cannot read published figures: schema");
  });
});

Deno.test("report ends with 2 where nothing is, and with 1 where something else is", async () => {
  await inFolder(async (folder) => {
    await put(`${folder}/wrong`, { ...RESULTS, cells: [{ ...cell(), ringBytes: -1 }] });
    await Deno.writeTextFile(`${folder}/no.json`, "{");
    await Deno.mkdir(`${folder}/empty`);
    for (
      const [path, code, message] of [
        ["nothing", 2, "There is no nothing"],
        ["empty", 2, "There is no results.json in empty"],
        ["wrong", 1, "wrong/results.json: Cannot read results: cells[0].ringBytes"],
        ["no.json", 1, "no.json: "],
      ] as const
    ) {
      const outcome = await run(folder, "report", path);
      assertEquals(outcome.code, code, path);
      assertStringIncludes(outcome.stderr, message);
    }
  });
});

Deno.test("compare ends with 0 without a regression, with 1 and the cell's name on one, and tolerates what it is told", async () => {
  await inFolder(async (folder) => {
    await putRuns(`${folder}/a`, 100);
    await putRuns(`${folder}/results/baselines/main`, 100.1);
    await putRuns(`${folder}/slow`, 110);
    const alike = await run(folder, "compare", "a", "main");
    assertEquals([alike.code, alike.stderr], [0, ""]);
    assertStringIncludes(alike.stdout, "B is main (5 runs of 0123456789ab).");
    const slow = await run(folder, "compare", "main", "slow");
    assertEquals(slow.code, 1);
    assertMatch(slow.stdout, /\| throughput \(kernel\), perf 256 KiB, .* \| time per event .* \| slower +\|/);
    assertEquals((await run(folder, "compare", "--gate", "15%", "main", "slow")).code, 0);
    assertEquals((await run(folder, "compare", "slow", "main")).code, 0);
  });
});

Deno.test("compare refuses unlike environments, unless it is forced to", async () => {
  await inFolder(async (folder) => {
    await putRuns(`${folder}/a`, 100);
    await putRuns(`${folder}/b`, 100, { environment: environment({ cpuModel: "Another CPU" }) });
    const refused = await run(folder, "compare", "a", "b");
    assertEquals([refused.code, refused.stdout], [2, ""]);
    assertStringIncludes(refused.stderr, "CPU: Imaginary CPU and Another CPU");
    const forced = await run(folder, "compare", "--force", "a", "b");
    assertEquals(forced.code, 0);
    assertStringIncludes(forced.stderr, "CPU: Imaginary CPU and Another CPU");
  });
});

Deno.test("compare ends with 2 where nothing can be judged, nothing is shared, or a name is unknown", async () => {
  await inFolder(async (folder) => {
    await put(`${folder}/a`, RESULTS);
    await put(`${folder}/b`, results([cell({ source: "memory" })]));
    await putRuns(`${folder}/results/baselines/main`, 100);
    const single = await run(folder, "compare", "a", "a");
    assertEquals(single.code, 2);
    assertStringIncludes(single.stdout, "an interval needs 3 process launches on each side");
    assertMatch(
      (await run(folder, "compare", "a", "b")).stderr,
      /a and b have no cell in common: a has "throughput \(kernel\), .*", b has "throughput \(memory\), .*"/,
    );
    const unknown = await run(folder, "compare", "maim", "a");
    assertEquals(unknown.code, 2);
    assertStringIncludes(
      unknown.stderr,
      `There is no maim, and no baseline of that name in results/baselines (did you mean "main"?)`,
    );
    assertStringIncludes(
      (await run(folder, "compare", "--gate", "much", "a", "a")).stderr,
      "Cannot parse percent",
    );
  });
});

Deno.test("results/index.html lists what is published: `deno task report results` was run", async () => {
  const root = fileURLToPath(new URL("../../../", import.meta.url));
  const { indexOf } = await import("../../../src/cli/report/collection.ts");
  assertEquals(await Deno.readTextFile(`${root}results/index.html`), indexOf(`${root}results`));
  const pages: string[] = [];
  for await (const { name } of Deno.readDir(`${root}results`)) {
    pages.push(`${root}results/${name}/results.json`);
  }
  for (const file of pages) {
    const text = await Deno.readTextFile(file).catch(() => "{}");
    if (JSON.parse(text).schema !== "eventpipe-bench/1") continue;
    assert(
      (await Deno.stat(file.replace("results.json", "report.html"))).isFile,
      `${file} has no page beside it`,
    );
  }
});
