import { assertEquals, assertStringIncludes } from "@std/assert";
import { ModelSystem } from "../../../src/eventpoll/model.ts";
import { missingFor, type Outcome, runScenario } from "../../../src/eventpoll/run_scenario.ts";
import { type Json, parseScenario } from "../../../src/eventpoll/scenario.ts";
import type { EpollSystem } from "../../../src/eventpoll/system.ts";

async function run(...steps: Json[]): Promise<Outcome[]> {
  await using system = new ModelSystem();
  return await runScenario(system, parseScenario({ name: "s", steps }, "here"));
}

/** Where scenarios failed and with what. */
async function failuresOf(...steps: Json[]): Promise<[string, Json][]> {
  return (await run(...steps)).map(({ step, got }) => [step.where, got]);
}

const HEAD: Json[] = [["epoll", "e"], ["eventfd", "c", 1], ["add", "e", "c", "IN", 1]];

Deno.test("a step that returns something else fails, and the scenario goes on", async () => {
  assertEquals(
    await failuresOf(
      ...HEAD,
      { do: ["wait", "e", 1, 0], want: [] },
      { do: ["wait", "e", 1, 0], want: [[1, "IN"]] },
      { do: ["close", "e"], want: "EBADF" },
      { do: ["close", "e"], want: 0 },
    ),
    [["step 4", [[1, "IN"]]], ["step 6", 0], ["step 7", "EBADF"]],
  );
});

Deno.test("a step that was to succeed and did not ends the scenario", async () => {
  assertEquals(await failuresOf(["epoll", "e"], ["read", "e", 1], { do: ["close", "e"], want: 1 }), [
    ["step 2", "EINVAL"],
  ]);
});

Deno.test("results that look like names of errors are none", async () => {
  assertEquals(
    await failuresOf(["pipe", "r", "w", 1], ["write", "w", 4096], ["close", "r"], ["poll", "w", "ERR"]),
    [],
  );
});

Deno.test("masks and data are compared by value, however they are written", async () => {
  assertEquals(
    await failuresOf(
      ...HEAD,
      { do: ["wait", "e", 1, 0], want: [["0x1", "EPOLLIN"]] },
      { do: ["info", "e"], want: [["c", "HUP|ERR|IN", "1"]] },
      { do: ["poll", "c", 5], want: 5 },
      { do: ["read", "c"], want: "0x1" },
      { do: ["timed", "e", 1, 1], want: [[], true] },
      ["go", "t", "e"],
      ["write", "c", 1],
      { do: ["got", "t"], want: [[1, 1]] },
    ),
    [],
  );
});

Deno.test("wrong expectations of any kind fail and break nothing", async () => {
  const nonsense: Json[] = [null, true, 3, "nonsense", "IN|", [], [[1]], [["x", "y"]], { a: 1 }, [
    null,
    null,
  ]];
  for (const want of nonsense) {
    const steps: Json[] = [
      { do: ["wait", "e", 1, 0], want: [want] },
      { do: ["info", "e"], want },
      { do: ["timed", "e", 1, 0], want },
      { do: ["poll", "c", "IN"], want },
      { do: ["read", "c"], want },
      { do: ["cloexec", "e"], want: [want] },
    ];
    assertEquals((await run(...HEAD, ...steps)).length, steps.length, JSON.stringify(want));
  }
});

Deno.test("as a set, order is of no account, and how many there are is", async () => {
  const two: Json[] = [...HEAD, ["eventfd", "d", 1], ["add", "e", "d", "IN", 2]];
  const wait = (want: Json): Json => ({ do: ["wait", "e", 16, 0], want, as: "set" });
  assertEquals(await failuresOf(...two, wait([[2, "IN"], [1, "IN"]])), []);
  assertEquals((await run(...two, wait([[1, "IN"]]))).length, 1);
  assertEquals((await run(...two, wait([[1, "IN"], [1, "IN"]]))).length, 1);
});

Deno.test("counters carry values, through dup and dup2 too, and everything else carries bytes", async () => {
  assertEquals(
    await failuresOf(
      ["eventfd", "c", 2],
      ["dup", "d", "c"],
      { do: ["write", "d", 3], want: 8 },
      { do: ["read", "c"], want: 5 },
      ["pipe", "r", "w"],
      ["dup2", "c", "w"],
      { do: ["write", "c", 3], want: 3 },
      ["dup2", "r", "d"],
      { do: ["write", "r", "0xfffffffffffffffe"], want: 8 },
      { do: ["read", "d"], want: "0xfffffffffffffffe" },
    ),
    [],
  );
});

Deno.test("a closed name keeps its number, and a name that could not be made has none", async () => {
  assertEquals(
    await failuresOf(
      ["epoll", "e"],
      ["eventfd", "c", 1],
      ["close", "c"],
      { do: ["add", "e", "c", "IN"], want: "EBADF" },
      ["eventfd", "d", 1], // the same number
      { do: ["add", "e", "c", "IN", 1], want: 0 },
      { do: ["info", "e"], want: [["d", "IN|ERR|HUP", 1]] },
      { do: ["epoll", "bad", -1], want: "EINVAL" },
      { do: ["close", "bad"], want: "EBADF" },
      { do: ["close", "#900"], want: "EBADF" },
    ),
    [],
  );
});

Deno.test("a sleeper's result is told once it has one, be it an error", async () => {
  assertEquals(
    await failuresOf(
      ["epoll", "e"],
      ["go", "t", "e", 0],
      { do: ["got", "t"], want: "EINVAL" },
      ["go", "u", "e", 1, 59],
      { do: ["finished", "u"], want: 1 },
      ["go", "v", "e", 1, 61],
      { do: ["got", "v"], want: "blocked" },
    ),
    [],
  );
});

Deno.test("what a system throws beside errors of calls is a failure of the step", async () => {
  await using system = new ModelSystem();
  system.eventfd = (): number => {
    throw new URIError("broken");
  };
  const [failure] = await runScenario(
    system,
    parseScenario({ name: "s", steps: [["eventfd", "c"]] }, "here"),
  );
  assertStringIncludes(String(failure!.got), "broken");
});

Deno.test("a scenario is not run on a system that lacks something, and why is told", async () => {
  await using system = new ModelSystem();
  const scenario = parseScenario({ name: "s", needs: ["wings"], steps: [["pair", "a", "b"]] }, "here");
  assertEquals(missingFor(system, scenario), 'nobody here knows what "wings" is');
  const pairs = parseScenario({ name: "s", steps: [["pair", "a", "b"]] }, "here");
  assertEquals(missingFor(system, pairs), null);
  const pairless: EpollSystem = system;
  pairless.lacks = (need): string | null => need === "pair" ? "there are no pairs" : null;
  assertEquals(missingFor(pairless, pairs), "there are no pairs");
});
