/** Tests of the environment record on the machine that runs them, and in a process that may read nothing. */

import { assert, assertEquals, assertNotMatch } from "@std/assert";
import { captureEnvironment, openEnvironment } from "../../../src/report/environment.ts";
import { parseResults } from "../../../src/report/schema.ts";
import { results } from "./_cells.ts";

const ROOT = new URL("../../../", import.meta.url);
const IS_LINUX = Deno.build.os === "linux";

/** Run a module in a process of its own with `permissions`, and return what it prints as JSON. */
async function runIsolated(code: string, permissions: readonly string[]): Promise<Record<string, unknown>> {
  const process = new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-prompt", "--no-check", ...permissions, "--config", "deno.json", "--ext=ts", "-"],
    cwd: ROOT,
    env: { NO_COLOR: "1" },
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const writer = process.stdin.getWriter();
  await writer.write(new TextEncoder().encode(code));
  await writer.close();
  const { success, stdout, stderr } = await process.output();
  assert(success, new TextDecoder().decode(stderr));
  return JSON.parse(new TextDecoder().decode(stdout));
}

/** A program that prints the environment as the copy of the project at `root` sees it. */
function printing(root: URL): string {
  return `import { captureEnvironment } from "${new URL("src/report/environment.ts", root)}";
    console.log(JSON.stringify(captureEnvironment()));`;
}

/** Run git in a folder and return what it printed; null when there is no git. */
function git(folder: URL, ...args: string[]): string | null {
  const identity = ["-c", "user.name=test", "-c", "user.email=test@example.org"];
  try {
    const { success, stdout, stderr } = new Deno.Command("git", { args: [...identity, ...args], cwd: folder })
      .outputSync();
    assert(success, new TextDecoder().decode(stderr));
    return new TextDecoder().decode(stdout).trim();
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  }
}

Deno.test("captureEnvironment gives an environment that readers of results accept", () => {
  const environment = captureEnvironment({ seeds: { order: 7 }, libbpfVersion: "1.5.0", clockCostNs: 55.5 });
  const file = JSON.parse(JSON.stringify(results([], { environment })));
  assertEquals(parseResults(file).environment, environment);
  assertEquals([environment.seeds, environment.clockCostNs], [{ order: 7 }, 55.5]);
  assertEquals(environment.libraries, { libbpf: "1.5.0" });
  assertEquals(environment.deno, Deno.version.deno);
});

Deno.test("captureEnvironment names no host", () => {
  const { os: _os, arch: _arch, ...rest } = captureEnvironment();
  const host = Deno.hostname().replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
  assertNotMatch(JSON.stringify(rest), new RegExp(`"${host}"|host.?name`, "i"));
});

Deno.test({
  name: "captureEnvironment reads kernel, CPU, limits and page size on Linux",
  ignore: !IS_LINUX,
  fn(): void {
    const environment = captureEnvironment();
    assertEquals(environment.kernelRelease, Deno.osRelease());
    assertEquals(environment.pageBytes === null ? null : environment.pageBytes % 4096, 0);
    assert(environment.cpuCount !== null && environment.cpuCount >= 1);
    assert(environment.affinity.allowed !== null);
    assert(environment.before.totalTicks !== null);
  },
});

Deno.test("openEnvironment takes the state before at once and the state after in finish", async () => {
  const open = openEnvironment({ seeds: { order: 1 }, clockCostNs: 50 });
  await new Promise((resolve) => setTimeout(resolve, 30));
  const { before, after, clockCostNs, affinity } = open.finish({ clockCostNs: 60, producerCpus: [1] });
  const between = Date.parse(after.at) - Date.parse(before.at);
  assert(between >= 25, `${between} ms between before and after`);
  assertEquals([clockCostNs, affinity.producers], [60, [1]]);
});

Deno.test("captureEnvironment writes null for all that a process without permissions cannot read", async () => {
  const environment = await runIsolated(printing(ROOT), []);
  const readable = ["os", "arch", "deno", "v8", "typescript", "seeds", "libraries"];
  const nested = ["affinity", "before", "after"];
  for (const [key, value] of Object.entries(environment)) {
    if (!readable.includes(key) && !nested.includes(key)) assertEquals(value, null, key);
  }
  assertEquals(environment["affinity"], { allowed: null, consumer: null, producers: null });
  assertEquals(Object.keys(environment).sort(), Object.keys(captureEnvironment()).sort());
});

Deno.test("captureEnvironment does without git, and reports V8 flags where they can be read", async () => {
  const code = `Deno.env.set("PATH", "/nonexistent"); ${printing(ROOT)}`;
  const environment = await runIsolated(code, ["-A", "--v8-flags=--expose-gc,--stack-size=900"]);
  assertEquals([environment["gitRevision"], environment["gitDirty"]], [null, null]);
  assertEquals(environment["v8Flags"], IS_LINUX ? ["--expose-gc", "--stack-size=900"] : null);
});

Deno.test({
  name: "captureEnvironment tells the commit and changes to it, for the top folder of a checkout alone",
  ignore: git(ROOT, "--version") === null,
  async fn(): Promise<void> {
    const top = await Deno.makeTempDir();
    try {
      const root = new URL(`file://${top}/`);
      await Deno.mkdir(new URL("src/report/", root), { recursive: true });
      for (const name of ["src/report/environment.ts", "src/report/kernel_text.ts"]) {
        await Deno.copyFile(new URL(name, ROOT), new URL(name, root));
      }
      git(root, "init", "--quiet");
      git(root, "add", ".");
      git(root, "commit", "--quiet", "--message", "first");
      const clean = await runIsolated(printing(root), ["-A"]);
      assertEquals([clean["gitRevision"], clean["gitDirty"]], [git(root, "rev-parse", "HEAD"), false]);
      await Deno.writeTextFile(new URL("new.txt", root), "");
      assertEquals((await runIsolated(printing(root), ["-A"]))["gitDirty"], true);

      await Deno.mkdir(new URL("vendor/", root));
      await Deno.rename(new URL("src/", root), new URL("vendor/src/", root));
      const vendored = await runIsolated(printing(new URL("vendor/", root)), ["-A"]);
      assertEquals([vendored["gitRevision"], vendored["gitDirty"]], [null, null]);
    } finally {
      await Deno.remove(top, { recursive: true });
    }
  },
});
