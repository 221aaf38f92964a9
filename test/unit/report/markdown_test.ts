/** Tests of report.md: its parts, the separation of sources, and that the formatter leaves it alone. */

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { renderReport } from "../../../src/report/markdown.ts";
import { cell, environment, results, stage } from "./_cells.ts";
import { whole } from "./html/_whole.ts";

const RATIO = { to: "libbpf", median: 1.05, low: 0.99, high: 1.1, pairs: 40 };
const RESULTS = results([
  cell(),
  cell({
    ringBytes: 65_536,
    lost: 12_345,
    dispatched: 1_987_655,
    flags: ["lossy", "from|later"],
    ratio: RATIO,
  }),
  cell({ suite: "latency", rate: 200_000, latency: [stage(), stage({ from: "planned", p99: null })] }),
  cell({ source: "memory", ring: "ringbuf", corrupt: 2, exact: false }),
], { label: "a *first* try_out | of_ <it>" });

/** The lines of the block that follows a heading. */
function section(report: string, heading: string): string[] {
  const part = report.split(/^## /m).find((text) => text.startsWith(`${heading}\n`));
  assert(part !== undefined, `no section "${heading}"`);
  return part.split("\n");
}

Deno.test("renderReport has programs, crossings, stages, fits and the floor, and says that a run is partial", () => {
  const report = renderReport(whole());
  assertStringIncludes(report, "\n**Partial.** This run was ended before its last cell");
  const row = (heading: string, part: string): string => {
    const found = section(report, heading).find((line) => line.startsWith("|") && line.includes(part));
    assert(found !== undefined, `${heading}: ${part}`);
    return found.replace(/ +/g, " ");
  };
  assertStringIncludes(row("Programs side by side", "libbpf ring_buffer"), "| **11 ns** | - | - |");
  assertStringIncludes(row("What crossings cost", "Int32Array"), "| 0.4 ns | 0.376 ns to 0.432 ns | 200 |");
  assertStringIncludes(
    row("latency (kernel events)", "emitted to wake"),
    "| wake to read | read to handled |",
  );
  assertStringIncludes(row("wakeup (kernel events)", "940 ns (940"), "| 1.03 | 0.95 |");
  assert(section(report, "size (kernel events)").join(" ").includes("This machine alone keeps a loop away"));
  assertEquals(renderReport(RESULTS).includes("Partial"), false);
});

Deno.test("renderReport draws a table per suite and source, headed by what the source means", () => {
  const headings = renderReport(RESULTS).split("\n").filter((line) => line.startsWith("#"));
  assertEquals(
    headings,
    [
      "# eventpipe benchmark: a \\*first\\* try_out \\| of\\_ \\<it>",
      "## throughput (kernel events)",
      "## latency (kernel events)",
      "## throughput (memory source: no kernel involved)",
      "## Flags",
      "## How to read the numbers",
      "## Environment",
    ],
  );
});

Deno.test("renderReport writes a row per cell with its numbers and flags", () => {
  const lines = section(renderReport(RESULTS), "throughput (kernel events)");
  const rows = lines.filter((line) => line.startsWith("|")).map((line) =>
    line.split(/(?<!\\)\|/).slice(1, -1).map((text) => text.trim())
  );
  assertEquals([rows[0], rows[2], rows[3]], [
    [
      "ring size",
      "wake-up every",
      "produced",
      "lost",
      "left",
      "wake-ups",
      "events/wake-up",
      "events/s",
      "consumer ns/event",
      "consumer CPU ns/event",
      "ratio (95% interval)",
      "flags",
    ],
    ["256 KiB", "512", "2,000,000", "0", "0", "4,000", "500", "2M", "45.6", "60", "-", ""],
    [
      "64 KiB",
      "512",
      "2,000,000",
      "12,345 (0.62%)",
      "0",
      "4,000",
      "497",
      "2M",
      "45.6",
      "60",
      "1.05 (0.99 to 1.1) against libbpf, 40 pairs",
      "lossy, from\\|later",
    ],
  ]);
});

Deno.test("renderReport explains the flags that occur and no others", () => {
  const flags = section(renderReport(RESULTS), "Flags").filter((line) => line.startsWith("-"));
  assertEquals(flags.map((line) => line.split(":")[0]), ["- from\\|later", "- lossy"]);
  assertStringIncludes(flags[0] ?? "", "not known to this version");
  assertEquals(renderReport(results([cell()])).includes("## Flags"), false);
});

Deno.test("renderReport writes unknown for what could not be read", () => {
  const known = section(renderReport(RESULTS), "Environment").join("\n");
  assertStringIncludes(known, "| frequency governor        | performance ");
  assertStringIncludes(known, "| revision                  | 0123456789ab ");
  const blank = environment({ governor: null, smt: null, gitRevision: null, libraries: { libbpf: null } });
  const unknown = section(renderReport({ ...RESULTS, environment: blank }), "Environment").join("\n");
  for (const what of ["frequency governor", "SMT", "revision", "libbpf"]) {
    assert(new RegExp(`^\\| ${what} +\\| unknown +\\|$`, "m").test(unknown), what);
  }
});

Deno.test("renderReport writes what the formatter would write", async () => {
  for (const report of [RESULTS, whole()].map(renderReport)) {
    const process = new Deno.Command(Deno.execPath(), {
      args: ["fmt", "--ext", "md", "-"],
      cwd: new URL("../../../", import.meta.url),
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    const writer = process.stdin.getWriter();
    const written = writer.write(new TextEncoder().encode(report)).then(() => writer.close());
    const { stdout, stderr } = await process.output();
    await written;
    assertEquals(new TextDecoder().decode(stdout), report, new TextDecoder().decode(stderr));
  }
});
