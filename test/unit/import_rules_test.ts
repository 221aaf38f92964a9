/**
 * Holds the layers of src/: which folder may import which. The graph is the compiler's own (`deno info
 * --json`), with type imports and dynamic imports; the rules are the table below, and a folder without a rule
 * is an error.
 */

import { assertEquals, assertGreater } from "@std/assert";
import { relative } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

/**
 * For each part of src/ the parts it may import beside itself. A file's own rule goes before that of its
 * folder.
 */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  "abi": [],
  "errors.ts": ["abi"],
  "ffi": ["abi", "errors.ts"],
  "eventpoll": [],
  "eventpoll/linux.ts": ["eventpoll", "eventpoll/linux", "abi", "errors.ts", "ffi"],
  "eventpoll/mod.ts": ["eventpoll", "eventpoll/linux.ts"],
  "eventpoll/linux": ["eventpoll", "abi", "errors.ts", "ffi"],
  "object": ["abi", "errors.ts", "ffi"],
  "ring": ["abi", "errors.ts"],
  "source": ["abi", "errors.ts", "ffi", "ring"],
  "source/memory.ts": ["abi", "errors.ts", "ring", "source", "wait", "wait/model.ts"],
  "wait": ["abi", "errors.ts", "ffi", "ring"],
  "wait/model.ts": ["errors.ts", "eventpoll", "wait"],
  "pipe": ["abi", "errors.ts", "ffi", "object", "ring", "source", "wait"],
};

/** Parts that use the library through everything it has, and that the library and mod.ts do not know. */
const BESIDE: Readonly<Record<string, readonly string[]>> = {
  "cli/units.ts": [],
  "trace": ["cli/units.ts"],
  "report": ["cli/units.ts"],
  "record": [],
  "cli": ["cli/units.ts", "trace", "record", "report"],
};

/** What mod.ts leaves to modules of their own, since each program that imports it would load it. */
const NOT_IN_MOD = ["eventpoll/linux", "eventpoll/linux.ts", "eventpoll/mod.ts"];

/** Each file's imports: files by their path in the project, everything else as it is written. */
type ImportGraph = ReadonlyMap<string, readonly string[]>;

/** All breaches of the rules in a graph, as sentences; none if it keeps them. */
function breaches(graph: ImportGraph): string[] {
  const found: string[] = [];
  for (const [file, imports] of graph) {
    const part = partOf(file);
    if (part === null) found.push(`${file} belongs to no part of src/ that has a rule`);
    for (const target of imports) {
      if (part !== null && !isAllowed(part, target)) found.push(`${file} must not import ${target}`);
    }
  }
  return [...found, ...circles(graph).map((files) => `${files.join(" -> ")} is a circle`)];
}

/** The part a file belongs to: `mod.ts`, a key of the tables, or null. */
function partOf(file: string): string | null {
  if (file === "mod.ts") return file;
  const path = file.replace(/^src\//, "");
  const parts = { ...MAY_IMPORT, ...BESIDE };
  if (path === file) return null;
  if (path in parts) return path;
  const folders = path.split("/").slice(0, -1);
  for (; folders.length > 0; folders.pop()) if (folders.join("/") in parts) return folders.join("/");
  return null;
}

/** Only commands, reports and the tracer use packages, Node's modules or mod.ts. */
function isAllowed(part: string, target: string): boolean {
  const isBeside = part in BESIDE;
  if (!/^(src\/|mod\.ts$)/.test(target)) return isBeside && !/^\.?\//.test(target);
  const other = partOf(target);
  if (other === null) return false;
  if (other === part) return part !== "mod.ts";
  if (isBeside) return !(other in BESIDE) || BESIDE[part]!.includes(other);
  if (part === "mod.ts") return other in MAY_IMPORT && !NOT_IN_MOD.includes(other);
  return MAY_IMPORT[part]!.includes(other);
}

/**
 * Every circle that a walk through the graph closes, each as the files on it with the first one again at the
 * end.
 */
function circles(graph: ImportGraph): string[][] {
  const found: string[][] = [];
  const done = new Set<string>();
  const road: string[] = [];
  const walk = (file: string): void => {
    const start = road.indexOf(file);
    if (start !== -1) found.push([...road.slice(start), file]);
    if (start !== -1 || done.has(file)) return;
    road.push(file);
    for (const target of graph.get(file) ?? []) walk(target);
    road.pop();
    done.add(file);
  };
  for (const file of graph.keys()) walk(file);
  return found;
}

const ROOT = fileURLToPath(new URL("../../", import.meta.url));

/** The graph of mod.ts and of every file in src/, whether anything imports it or not. */
async function readGraph(): Promise<ImportGraph> {
  const files = [`${ROOT}mod.ts`, ...await sourceFiles(`${ROOT}src`)];
  const entry = await Deno.makeTempFile({ suffix: ".ts" });
  try {
    await Deno.writeTextFile(entry, files.map((file) => `import "${pathToFileURL(file)}";\n`).join(""));
    const command = new Deno.Command(Deno.execPath(), {
      args: ["info", "--json", "--config", `${ROOT}deno.json`, entry],
    });
    const { success, stdout, stderr } = await command.output();
    if (!success) throw new Error(`deno info failed: ${new TextDecoder().decode(stderr)}`);
    return toGraph(JSON.parse(new TextDecoder().decode(stdout)), files);
  } finally {
    await Deno.remove(entry);
  }
}

/** What is read of the output of `deno info --json`. */
interface Info {
  modules: {
    specifier: string;
    error?: string;
    dependencies?: { specifier: string; code?: { specifier?: string }; type?: { specifier?: string } }[];
  }[];
}

function toGraph(info: Info, files: readonly string[]): ImportGraph {
  const graph = new Map<string, string[]>();
  const wanted = new Set(files.map((file) => pathToFileURL(file).href));
  for (const { specifier, error, dependencies = [] } of info.modules) {
    if (!wanted.has(specifier)) continue;
    if (error !== undefined) throw new Error(error);
    const imports = dependencies.map((each) => {
      const target = each.code?.specifier ?? each.type?.specifier ?? "";
      return target.startsWith("file:") ? inProject(target) : each.specifier;
    });
    graph.set(inProject(specifier), imports);
  }
  return graph;
}

function inProject(url: string): string {
  return relative(ROOT, fileURLToPath(url));
}

async function sourceFiles(folder: string): Promise<string[]> {
  const files: string[] = [];
  for await (const entry of Deno.readDir(folder)) {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory) files.push(...await sourceFiles(path));
    else if (entry.name.endsWith(".ts")) files.push(path);
  }
  return files.sort();
}

Deno.test("the imports of mod.ts and src/ keep the rules", async () => {
  assertEquals(breaches(await readGraph()), []);
});

Deno.test("the graph the rules are held against knows every file of src/ and their imports", async () => {
  const graph = await readGraph();
  const files = (await sourceFiles(`${ROOT}src`)).map((file) => relative(ROOT, file));
  assertEquals([...graph.keys()].sort(), ["mod.ts", ...files].sort());
  assertGreater(graph.get("mod.ts")!.length, 0);
});

for (
  const [what, file, target] of [
    ["abi/ that imports anything", "src/abi/bpf.ts", "src/errors.ts"],
    ["eventpoll/ that imports anything", "src/eventpoll/epoll.ts", "src/errors.ts"],
    ["eventpoll/ that knows the real epoll", "src/eventpoll/epoll.ts", "src/eventpoll/linux.ts"],
    ["a scanner that knows native code", "src/ring/perf.ts", "src/ffi/libc.ts"],
    ["a scanner that knows the pipe", "src/ring/perf.ts", "src/pipe/pipe.ts"],
    ["a waiter that knows sources", "src/wait/epoll.ts", "src/source/perf.ts"],
    ["a waiter on files that knows the model of epoll", "src/wait/open.ts", "src/wait/model.ts"],
    ["a kernel source that knows the model of epoll", "src/source/perf.ts", "src/wait/model.ts"],
    ["a pipe that knows the model of epoll", "src/pipe/event_pipe.ts", "src/eventpoll/model.ts"],
    ["a layer that imports the public API", "src/pipe/pipe.ts", "mod.ts"],
    ["a library that uses a package", "src/pipe/pipe.ts", "@std/assert"],
    ["a library that uses a package by its full name", "src/ring/perf.ts", "npm:zod@4"],
    ["a library that uses a module of Node", "src/ffi/file.ts", "node:fs"],
    ["a library that imports a file outside of src/", "src/ring/perf.ts", "bench/main.ts"],
    ["a library that knows a command", "src/pipe/pipe.ts", "src/cli/args.ts"],
    ["a report that knows a command", "src/report/table.ts", "src/cli/args.ts"],
    ["a tracer that knows a report", "src/trace/tracer.ts", "src/report/table.ts"],
    ["mod.ts that exports a command", "mod.ts", "src/cli/args.ts"],
    ["mod.ts that exports the tracer", "mod.ts", "src/trace/tracer.ts"],
    ["mod.ts that exports the real epoll", "mod.ts", "src/eventpoll/linux.ts"],
    ["mod.ts that exports a report", "mod.ts", "src/report/table.ts"],
    ["mod.ts that uses a package", "mod.ts", "zod"],
  ] as const
) {
  Deno.test(`the rules find ${what}`, () => {
    assertEquals(breaches(new Map([[file, [target]]])), [`${file} must not import ${target}`]);
  });
}

Deno.test("the rules find a folder that has none", () => {
  const expected = ["src/misc/util.ts belongs to no part of src/ that has a rule"];
  assertEquals(breaches(new Map([["src/misc/util.ts", []]])), expected);
});

Deno.test("the rules find a file beside errors.ts that has none", () => {
  assertEquals(breaches(new Map([["src/util.ts", []]])), [
    "src/util.ts belongs to no part of src/ that has a rule",
  ]);
});

Deno.test("the rules find a circle within one folder", () => {
  const circle = new Map([
    ["src/ring/a.ts", ["src/ring/b.ts"]],
    ["src/ring/b.ts", ["src/ring/c.ts"]],
    ["src/ring/c.ts", ["src/ring/a.ts"]],
  ]);
  assertEquals(breaches(circle), [
    "src/ring/a.ts -> src/ring/b.ts -> src/ring/c.ts -> src/ring/a.ts is a circle",
  ]);
});

Deno.test("the rules allow the road of an event, and packages beside the library", () => {
  const road = new Map([
    ["mod.ts", ["src/pipe/pipe.ts", "src/errors.ts"]],
    ["src/pipe/pipe.ts", ["src/source/perf.ts", "src/wait/epoll.ts", "src/pipe/view.ts"]],
    ["src/source/memory.ts", ["src/wait/model.ts"]],
    ["src/wait/model.ts", ["src/eventpoll/model.ts"]],
    ["src/eventpoll/linux.ts", ["src/eventpoll/system.ts", "src/ffi/libc.ts"]],
    ["src/cli/bench.ts", [
      "mod.ts",
      "src/report/table.ts",
      "src/cli/units.ts",
      "@std/cli/parse-args",
      "node:path",
    ]],
  ]);
  assertEquals(breaches(road), []);
});
