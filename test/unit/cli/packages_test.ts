/** The set-up's decisions, on a made-up machine that records what would have been run and said. */

import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { ensurePackages, type Requirement, REQUIREMENTS, type SetupHost } from "../../../src/cli/packages.ts";

/** A machine whose apt-get installs what `stock` names; everything else about it can be replaced. */
class FakeHost implements SetupHost {
  isLinux = true;
  isRoot = true;
  mayInstall = true;
  hasApt = true;
  lists = true;
  stock = new Set(["libx1", "libx-dev", "ycc"]);
  installed = new Set<string>();
  commands: string[] = [];
  lines: string[] = [];

  constructor(differences: Partial<FakeHost> = {}) {
    Object.assign(this, differences);
  }

  hasPackageLists(): boolean {
    return this.lists;
  }

  aptGet(args: readonly string[]): { success: boolean; output: string } {
    this.commands.push(args.filter((arg) => !arg.startsWith("-") && !arg.includes("=")).join(" "));
    if (args[0] === "update") {
      this.lists = true;
      return { success: true, output: "Hit:1 somewhere\nW: Failed to fetch something\n" };
    }
    const packages = args.slice(1).filter((arg) => !arg.startsWith("-") && !arg.includes("="));
    const unknown = packages.filter((name) => !this.stock.has(name));
    if (unknown.length > 0) return { success: false, output: `E: Unable to locate package ${unknown}\n` };
    for (const name of packages) this.installed.add(name);
    return { success: true, output: "" };
  }

  say(line: string): void {
    this.lines.push(line);
  }

  requirements(): Requirement[] {
    return [
      {
        thing: "libx.so.1",
        packages: ["libx1"],
        use: "load",
        usedBy: ["bench", "test"],
        isPresent: () => this.installed.has("libx1"),
      },
      {
        thing: "ycc",
        packages: ["ycc", "libx-dev"],
        use: "compile",
        usedBy: ["test"],
        isPresent: () => this.installed.has("ycc"),
      },
    ];
  }
}

Deno.test("nothing missing runs no command and says nothing", () => {
  const host = new FakeHost({ installed: new Set(["libx1", "ycc"]) });
  assertEquals(ensurePackages("test", host, host.requirements()), "complete");
  assertEquals([host.commands, host.lines], [[], []]);
});

Deno.test("root gets one line for each thing and one apt-get for all of them", () => {
  const host = new FakeHost();
  assertEquals(ensurePackages("test", host, host.requirements()), "complete");
  assertEquals(host.commands, ["install libx1 ycc libx-dev"]);
  assertEquals(host.lines, [
    "eventpipe: installing libx1 (needed to load)",
    "eventpipe: installing ycc and libx-dev (needed to compile)",
  ]);
});

Deno.test("the bench installs nothing that only the tests use", () => {
  const host = new FakeHost();
  assertEquals(ensurePackages("bench", host, host.requirements()), "complete");
  assertEquals(host.commands, ["install libx1"]);
});

Deno.test("suites beside other programs install compilers and Go, the tests no Go", () => {
  const packagesOf = (purpose: "bench" | "peers" | "test"): string[] =>
    REQUIREMENTS.filter(({ usedBy }) => usedBy.includes(purpose)).flatMap(({ packages }) => packages);
  const compilers = ["libbpf1", "clang", "libbpf-dev", "linux-libc-dev", "gcc", "libc6-dev", "bpftool"];
  assertEquals(packagesOf("bench"), ["libbpf1"]);
  assertEquals(packagesOf("peers"), [...compilers, "golang-go", "golang-github-cilium-ebpf-dev"]);
  assertEquals(packagesOf("test"), [...compilers, "linux-perf"]);
});

Deno.test("a machine without package lists fetches them first", () => {
  const host = new FakeHost({ lists: false });
  assertEquals(ensurePackages("bench", host, host.requirements()), "complete");
  assertEquals(host.commands, ["update", "install libx1"]);
});

Deno.test("a failed installation is tried once more with fresh lists, then reported with apt-get's words", () => {
  const host = new FakeHost({ stock: new Set() });
  assertEquals(ensurePackages("bench", host, host.requirements()), "failed");
  assertEquals(host.commands, ["install libx1", "update", "install libx1"]);
  assertEquals(host.lines.length, 2);
  assertStringIncludes(host.lines[1]!, "could not bring libx.so.1");
  assertStringIncludes(host.lines[1]!, "W: Failed to fetch something\nE: Unable to locate package libx1");
});

Deno.test("an installation that brings nothing is not called complete", () => {
  const host = new FakeHost();
  const [requirement] = host.requirements();
  assertEquals(ensurePackages("bench", host, [{ ...requirement!, isPresent: () => false }]), "failed");
  assertStringIncludes(host.lines[1]!, "libx.so.1 is still missing");
});

for (
  const [who, differences, why] of [
    ["a user who is not root", { isRoot: false }, "only root can install packages"],
    ["EVENTPIPE_INSTALL=never", { mayInstall: false }, "EVENTPIPE_INSTALL=never forbids installing"],
  ] as const
) {
  Deno.test(`${who} gets one line with the exact command, and nothing is run`, () => {
    const host = new FakeHost(differences);
    assertEquals(ensurePackages("test", host, host.requirements()), "refused");
    assertEquals(host.commands, []);
    assertEquals(host.lines, [
      "eventpipe: missing libx.so.1 (needed to load), ycc (needed to compile); " + why +
      "; as root run: apt-get update && apt-get install -y --no-install-recommends libx1 ycc libx-dev",
    ]);
  });
}

Deno.test("a system without apt-get is told what is missing by name", () => {
  const host = new FakeHost({ hasApt: false });
  assertEquals(ensurePackages("bench", host, host.requirements()), "refused");
  assertEquals(host.lines.length, 1);
  assertMatch(host.lines[0]!, /missing libx\.so\.1 \(needed to load\).*this system's package manager/);
});

Deno.test("a system without BPF is not told to install anything", () => {
  const host = new FakeHost({ isLinux: false });
  assertEquals(ensurePackages("bench", host, host.requirements()), "refused");
  assertEquals(host.lines, []);
});
