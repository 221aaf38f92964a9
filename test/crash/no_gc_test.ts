/** The hot path allocates nothing: ten million events through the public API, and the garbage collector has no work. */

import { assert, assertEquals } from "@std/assert";
import { fileURLToPath } from "node:url";

/** A line of `--trace-gc`. */
const COLLECTION = /Scavenge|Mark-Compact|Minor Mark-Sweep/;
/** The child's own collections, between which it measures. */
const MARKER = /Mark-Compact.* testing;/;

/** Runs the child; what it reports, and the collections between its markers. */
async function dispatchTenMillion(
  mode: "plain" | "wasm" | "allocating",
): Promise<{ report: unknown; collections: string[] }> {
  const child = fileURLToPath(new URL("./_dispatch_10m.ts", import.meta.url));
  const config = fileURLToPath(new URL("../../deno.json", import.meta.url));
  const command = new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--no-prompt",
      `--config=${config}`,
      "--v8-flags=--trace-gc,--expose-gc",
      child,
      mode,
    ],
    env: { NO_COLOR: "1" },
  });
  const { code, stdout, stderr } = await command.output();
  const errors = new TextDecoder().decode(stderr);
  assertEquals(code, 0, errors);
  const lines = new TextDecoder().decode(stdout).split("\n");
  const markers = lines.flatMap((line, i) => MARKER.test(line) ? [i] : []);
  assertEquals(markers.length, 2, `the markers were not found:\n${lines.join("\n").slice(0, 2000)}`);
  const between = lines.slice(markers[0]! + 1, markers[1]);
  return { report: JSON.parse(errors), collections: between.filter((line) => COLLECTION.test(line)) };
}

Deno.test("dispatching 10,000,000 events causes no garbage collection", async () => {
  const { report, collections } = await dispatchTenMillion("plain");
  assertEquals(report, { measured: 10_000_000, exact: true });
  assertEquals(collections, []);
});

Deno.test("dispatching 10,000,000 events from the scanner in WebAssembly causes no garbage collection", async () => {
  const { report, collections } = await dispatchTenMillion("wasm");
  assertEquals(report, { measured: 10_000_000, exact: true });
  assertEquals(collections, []);
});

Deno.test("a handler that allocates is noticed: the test above can fail", async () => {
  const { report, collections } = await dispatchTenMillion("allocating");
  assertEquals(report, { measured: 10_000_000, exact: true });
  assert(collections.length > 10, `there were ${collections.length} collections`);
});
