/** Settings as code: the compilers of this machine take it, and the numbers of the setting stand in it. */

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { fileURLToPath } from "node:url";
import type { Setting } from "../../../../bench/setting.ts";
import { snippets } from "../../../../bench/tune/snippets.ts";
import { findExecutable } from "../../../../src/cli/packages.ts";

const BASE = { ringBytes: 1048576, waiter: "epoll", pollMs: 100, scanner: "ts" } as const;

/** One of each kind. */
const SETTINGS: readonly Setting[] = [
  { ...BASE, ring: "perf", wakeup: { kind: "events", events: 64 } },
  { ...BASE, ring: "perf", wakeup: { kind: "bytes", bytes: 5120 }, scanner: "wasm" },
  { ...BASE, ring: "perf", wakeup: { kind: "rare" }, pollMs: 10 },
  { ...BASE, ring: "perf", wakeup: { kind: "rare" }, waiter: "spin" },
  { ...BASE, ring: "perf", wakeup: { kind: "events", events: 1 }, waiter: "spin-sleep" },
  { ...BASE, ring: "ringbuf", wakeup: { kind: "adaptive" } },
  { ...BASE, ring: "ringbuf", wakeup: { kind: "bytes", bytes: 5120 } },
  { ...BASE, ring: "ringbuf", wakeup: { kind: "rare" }, pollMs: 10 },
  { ...BASE, ring: "ringbuf", wakeup: { kind: "rare" }, waiter: "spin" },
];

/** The code for one library. */
function codeFor(setting: Setting, name: string): string {
  const found = snippets(setting).find((each) => each.name === name);
  assert(found !== undefined, `no code for ${name}`);
  return found.code;
}

/** Writes files into a folder that is gone afterwards, and runs a compiler over them. */
async function compile(
  files: Readonly<Record<string, string>>,
  command: (paths: readonly string[]) => readonly string[],
): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    for (const [name, code] of Object.entries(files)) await Deno.writeTextFile(`${folder}/${name}`, code);
    const [program, ...args] = command(Object.keys(files).map((name) => `${folder}/${name}`));
    const { success, stderr } = await new Deno.Command(program!, { args }).output();
    assert(success, new TextDecoder().decode(stderr));
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** The code of all settings for one library, a file each. */
function filesOf(
  name: string,
  extension: string,
  settings: readonly Setting[] = SETTINGS,
): Record<string, string> {
  return Object.fromEntries(settings.map((setting, i) => [`${i}.${extension}`, codeFor(setting, name)]));
}

Deno.test("the code for this library has the right types", async () => {
  const config = fileURLToPath(new URL("../../../../deno.json", import.meta.url));
  const library = new URL("../../../../mod.ts", import.meta.url).href;
  const files = Object.entries(filesOf("eventpipe", "ts")).map(([name, code]) => [
    name,
    code.replace("@eventpipe/eventpipe", library),
  ]);
  await compile(
    Object.fromEntries(files),
    (paths) => [Deno.execPath(), "check", "--quiet", "--config", config, ...paths],
  );
});

const gcc = hasLibbpfHeaders() ? findExecutable("gcc") : null;
const clang = hasLibbpfHeaders() ? findExecutable("clang") : null;

Deno.test({
  name: "the code for libbpf compiles without a warning",
  ignore: gcc === null,
  fn: () =>
    compile(
      filesOf("libbpf", "c"),
      (paths) => [gcc!, "-Wall", "-Wextra", "-Werror", "-fsyntax-only", ...paths],
    ),
});

Deno.test({
  name: "the code for BPF programs compiles without a warning",
  ignore: clang === null,
  fn: () =>
    compile(filesOf("BPF program", "c", SETTINGS.filter(({ ring }) => ring === "ringbuf")), (paths) => [
      ...[clang!, "-target", "bpf", "-O2", "-Wall", "-Werror", "-Wno-unused-function", "-fsyntax-only"],
      ...["-isystem", `/usr/include/${Deno.build.arch}-linux-gnu`, ...paths],
    ]),
});

function hasLibbpfHeaders(): boolean {
  try {
    return Deno.statSync("/usr/include/bpf/libbpf.h").isFile;
  } catch {
    return false;
  }
}

Deno.test("the code says what the setting says", () => {
  const [events, bytes, paced, spin, , adaptive, watermark, unwoken] = SETTINGS;
  assertStringIncludes(codeFor(events!, "eventpipe"), "wakeupEvents: 64");
  assertStringIncludes(codeFor(bytes!, "eventpipe"), 'watermarkBytes: 5120, scanner: "wasm"');
  assertStringIncludes(codeFor(paced!, "eventpipe"), "pipe.poll(10)");
  assertStringIncludes(codeFor(spin!, "eventpipe"), 'waiter: "spin"');
  assertStringIncludes(codeFor(adaptive!, "eventpipe"), "RingbufSource.open({ ringBytes: 1048576,");
  assertStringIncludes(codeFor(events!, "libbpf"), ".wakeup_events = 64,");
  assertStringIncludes(codeFor(bytes!, "libbpf"), ".wakeup_watermark = 5120,");
  assertStringIncludes(codeFor(events!, "libbpf"), "256 /* pages */");
  assertStringIncludes(codeFor(adaptive!, "BPF program"), "flags = 0;");
  assertStringIncludes(codeFor(watermark!, "BPF program"), ">= 5120 ?");
  assertStringIncludes(codeFor(unwoken!, "BPF program"), "flags = BPF_RB_NO_WAKEUP;");
  assertStringIncludes(codeFor(events!, "cilium/ebpf"), "1048576, perf.ReaderOptions{WakeupEvents: 64}");
  assertStringIncludes(codeFor(bytes!, "cilium/ebpf"), "perf.ReaderOptions{Watermark: 5120}");
  assertStringIncludes(codeFor(paced!, "cilium/ebpf"), "Add(10 * time.Millisecond)");
  assertStringIncludes(codeFor(adaptive!, "cilium/ebpf"), "ringbuf.NewReader(events)");
  assertStringIncludes(codeFor(events!, "bpftrace"), "BPFTRACE_PERF_RB_PAGES=256 ");
});

Deno.test("a BPF program is shown where it does the waking", () => {
  const names = SETTINGS.map((setting) => snippets(setting).some(({ name }) => name === "BPF program"));
  assertEquals(names, SETTINGS.map(({ ring }) => ring === "ringbuf"));
});
