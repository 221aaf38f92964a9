/** Opening a pipe over kernel rings when one of its native calls fails: each of them, one after the other. */

import { assertEquals, assertMatch, assertNotMatch, assertStringIncludes } from "@std/assert";
import { onlineCpus } from "../../src/source/cpus.ts";
import { runChild } from "./_child.ts";
import { kernelObstacle, kernelTest, testCpus } from "./_kernel.ts";

/** What _faults.ts prints for each call. */
interface Outcome {
  /** The function that failed; null once the number of calls was exceeded. */
  readonly failed: string | null;
  readonly message: string | null;
  readonly syscall: string | null;
  readonly errno: string | null;
  readonly leaked: number;
}

for (
  const [what, waiter, map] of [
    ["a map of its own and epoll", "epoll", "own"],
    ["a map of its own and poll", "poll", "own"],
    ["a given map and epoll", "epoll", "given"],
  ] as const
) {
  kernelTest(`with ${what}, opening leaks nothing and names the call, whichever call fails`, async () => {
    const { code, lines, stderr } = await runChild("_faults.ts", [waiter, map]);
    assertEquals(code, 0, stderr);
    const outcomes = lines.map((line): Outcome => JSON.parse(line));
    const last = outcomes.pop();
    assertEquals(last, { failed: null, message: null, syscall: null, errno: null, leaked: 0 });
    for (const { failed, message, syscall, errno, leaked } of outcomes) {
      assertEquals([syscall, errno, leaked], [failed, "EMFILE", 0], message ?? failed!);
      assertStringIncludes(message!, `${failed} returned EMFILE`);
      assertMatch(message!, /^Cannot /);
      assertNotMatch(message!, /CAP_|perf_event_paranoid/, "advice that does not help here");
    }
    const failed = outcomes.map((outcome) => outcome.failed);
    const perRing = (name: string): number => failed.filter((each) => each === name).length;
    const rings = onlineCpus().length;
    assertEquals(perRing("perf_event_open"), rings);
    assertEquals(perRing("mmap"), 1 + rings);
    assertEquals(perRing("bpf_map_update_elem"), rings);
    assertEquals(perRing("epoll_ctl"), waiter === "epoll" ? 1 + rings : 0);
    assertEquals(perRing("eventfd"), 1);
    assertEquals(perRing(map === "given" ? "fcntl" : "bpf_map_create"), 1);
  });
}

kernelTest("a CPU that went offline has no ring, and one that is asked for is an error", async () => {
  const offline = testCpus.at(-1)!;
  const { code, lines, stderr } = await runChild("_offline.ts", [String(offline)]);
  assertEquals(code, 0, stderr);
  assertEquals(JSON.parse(lines[0]!), {
    cpus: onlineCpus().filter((cpu) => cpu !== offline),
    message: `Cannot open a perf event on CPU ${offline}: it is offline; choose among ${onlineCpus()}`,
    code: "NOT_FOUND",
    leaked: 0,
  });
}, { twoCpus: true });

const unlimited =
  kernelObstacle === null && Number(Deno.readTextFileSync("/proc/sys/kernel/perf_event_paranoid")) < 0
    ? "perf_event_paranoid is -1, so rings are not limited"
    : null;

kernelTest("rings larger than what may be locked are an error that names the limits", async () => {
  const unprivileged = [
    "setpriv",
    "--bounding-set=-ipc_lock",
    "--inh-caps=-ipc_lock",
    "prlimit",
    "--memlock=65536",
  ];
  const { code, lines, stderr } = await runChild("_huge_rings.ts", [], unprivileged);
  assertEquals(code, 0, stderr);
  const { message, code: errorCode, leaked } = JSON.parse(lines[0]!);
  assertEquals([errorCode, leaked], ["NOT_PERMITTED", 0]);
  assertStringIncludes(message, "(67108864 bytes): mmap returned EPERM (1); ");
  assertStringIncludes(message, "/proc/sys/kernel/perf_event_mlock_kb");
}, { commands: ["setpriv", "prlimit"], trait: unlimited });
