import { assertEquals, assertThrows } from "@std/assert";
import {
  type Json,
  parseScenarios,
  parseU64,
  SCENARIO_FORMAT,
  ScenarioFormatError,
} from "../../../src/eventpoll/scenario.ts";
import { stepText, valueText } from "../../../src/eventpoll/scenario_text.ts";

function fileOf(...steps: Json[]): string {
  return JSON.stringify({ format: SCENARIO_FORMAT, scenarios: [{ name: "s", steps }] });
}

const HEAD: Json[] = [["epoll", "e"], ["eventfd", "c"]];

Deno.test("a scenario's steps are read with what they are to return", () => {
  const [scenario] = parseScenarios(JSON.stringify({
    format: SCENARIO_FORMAT,
    measured: {},
    scenarios: [{
      name: "n",
      about: "a",
      tags: ["x"],
      needs: ["many-fds"],
      steps: [["epoll", "e"], { do: ["poll", "e", "IN"], want: "0", as: "set" }],
    }],
  }));
  assertEquals(scenario, {
    name: "n",
    about: "a",
    needs: ["many-fds", "poll"],
    steps: [
      { op: "epoll", args: ["e"], want: undefined, isSet: false, where: "step 1" },
      { op: "poll", args: ["e", "IN"], want: "0", isSet: true, where: "step 2" },
    ],
  });
});

Deno.test("what a scenario needs is seen in its operations too", () => {
  const [scenario] = parseScenarios(fileOf(
    ["epoll", "e"],
    ["pair", "a", "b"],
    ["go", "t", "e"],
    ["info", "e"],
    ["quota", 3],
    ["finished", "t", "t"],
  ));
  assertEquals(scenario!.needs.toSorted(), ["info", "pair", "quota", "sleepers"]);
});

Deno.test("repetitions are written out, with the round in names, data and expectations", () => {
  const [scenario] = parseScenarios(fileOf(["repeat", 2, [
    ["epoll", "e$i"],
    ["repeat", 2, [{ do: ["wait", "e$i", 1, 0], want: ["$i"] }]],
  ]]));
  assertEquals(scenario!.steps.map(({ op, args, want, where }) => [op, args, want, where]), [
    ["epoll", ["e0"], undefined, "step 1, round 1, step 1"],
    ["wait", ["e0", 1, 0], ["0"], "step 1, round 1, step 2, round 1, step 1"],
    ["wait", ["e0", 1, 0], ["0"], "step 1, round 1, step 2, round 2, step 1"],
    ["epoll", ["e1"], undefined, "step 1, round 2, step 1"],
    ["wait", ["e1", 1, 0], ["1"], "step 1, round 2, step 2, round 1, step 1"],
    ["wait", ["e1", 1, 0], ["1"], "step 1, round 2, step 2, round 2, step 1"],
  ]);
});

Deno.test("every operation is read in its shortest and its longest form", () => {
  const steps: Json[] = [
    ["epoll", "e"],
    ["epoll", "e2", 524288],
    ["epollold", "o", 1],
    ["pipe", "r", "w"],
    ["pipe", "r2", "w2", 4],
    ["eventfd", "c"],
    ["eventfd", "c2", "0x3", 1],
    ["pair", "a", "b"],
    ["file", "f"],
    ["dir", "d"],
    ["dup", "r3", "r"],
    ["dup2", "r3", "r"],
    ["close", "r3"],
    ["write", "w", 5],
    ["write", "c", "0xfffffffffffffffe"],
    ["read", "r", 5],
    ["read", "c"],
    ["shutdown", "a", "RDWR"],
    ["add", "e", "r", "IN|ET", 1],
    ["add", "e", "#-1", null],
    ["mod", "e", "r", 5, "0xdeadbeeffacefeed"],
    ["del", "e", "r"],
    ["ctl", "DEL", "e", "r"],
    ["ctl", 77, "e", "#12", "0", 0],
    ["wait", "e", 16, 0],
    ["wait", "e", 16, -1, "null"],
    ["timed", "e", 1, 10],
    ["poll", "e", "EPOLLIN|0x800"],
    ["info", "e"],
    ["cloexec", "e"],
    ["quota", 0],
    ["go", "t", "e"],
    ["go", "t", "e", 4, -7],
    ["gopoll", "p", "e", "IN"],
    ["got", "t"],
    ["finished", "t"],
    ["finished", "t", "p", "t"],
  ];
  assertEquals(parseScenarios(fileOf(...steps))[0]!.steps.length, steps.length);
});

for (
  const [what, text, message] of [
    ["no JSON", "{", "it is no JSON"],
    ["no object", "[]", '"format" must be "epoll-scenario/1", current value is no object'],
    ["another format", '{"format":"epoll-scenario/2"}', 'current value is "epoll-scenario/2"'],
    ["no scenarios", `{"format":"${SCENARIO_FORMAT}"}`, '"scenarios" must be a list'],
    [
      "a scenario that is none",
      `{"format":"${SCENARIO_FORMAT}","scenarios":[3]}`,
      "scenario 1 must be an object",
    ],
    ["no name", `{"format":"${SCENARIO_FORMAT}","scenarios":[{"steps":[]}]}`, 'scenario 1 needs a "name"'],
    [
      "no steps",
      `{"format":"${SCENARIO_FORMAT}","scenarios":[{"name":"x"}]}`,
      'scenario "x": "steps" must be a list',
    ],
    [
      "a text that is none",
      `{"format":"${SCENARIO_FORMAT}","scenarios":[{"name":"x","about":1,"steps":[]}]}`,
      '"about" must be a text',
    ],
    [
      "needs that are none",
      `{"format":"${SCENARIO_FORMAT}","scenarios":[{"name":"x","needs":"pair","steps":[]}]}`,
      '"needs" must be a list of names',
    ],
    [
      "two of one name",
      `{"format":"${SCENARIO_FORMAT}","scenarios":[{"name":"x","steps":[]},{"name":"x","steps":[]}]}`,
      'two scenarios are named "x"',
    ],
    ["a step that is none", fileOf("epoll"), 'scenario "s", step 1: must be [OPERATION, ...]'],
    ["a step without a call", fileOf({ want: 0 }), "step 1: must be [OPERATION, ...]"],
    ["an unknown operation", fileOf(...HEAD, ["leap", "e"]), 'step 3: there is no operation "leap"'],
    ["an inherited operation", fileOf(["toString", "e"]), 'there is no operation "toString"'],
    [
      "too few arguments",
      fileOf(...HEAD, ["wait", "e", 1]),
      'must be ["wait", DESCRIPTOR, INTEGER, INTEGER, [NULL]]',
    ],
    ["too many arguments", fileOf(...HEAD, ["close", "e", 1]), 'must be ["close", DESCRIPTOR], but got'],
    ["no waiter", fileOf(["finished"]), 'must be ["finished", WAITER, ...]'],
    [
      "a mask that is none",
      fileOf(...HEAD, ["add", "e", "c", "IM"]),
      'argument 3 of "add" must be MASK-OR-NULL',
    ],
    ["a number that is none", fileOf(["close", "#x"]), 'argument 1 of "close" must be DESCRIPTOR'],
    ["a name that is a number", fileOf(["epoll", "#3"]), "must be NEW-DESCRIPTOR"],
    ["data of 65 bits", fileOf(...HEAD, ["add", "e", "c", "IN", "0x10000000000000000"]), "must be DATA"],
    ["a negative count", fileOf(...HEAD, ["write", "c", -1]), "must be COUNT"],
    ["a fraction", fileOf(...HEAD, ["wait", "e", 1.5, 0]), "must be INTEGER"],
    ["half a slot", fileOf(["pipe", "r", "w", 0.5]), "must be SLOTS"],
    ["a direction that is none", fileOf(["pair", "a", "b"], ["shutdown", "a", "UP"]), "must be DIRECTION"],
    [
      "an operation of epoll_ctl that is none",
      fileOf(...HEAD, ["ctl", "PUT", "e", "c"]),
      "must be OPERATION",
    ],
    ["a buffer that is not null", fileOf(...HEAD, ["wait", "e", 1, 0, "nil"]), "must be NULL"],
    ["a name from nowhere", fileOf(["close", "x"]), 'step 1: no step before makes a descriptor "x"'],
    ["a waiter from nowhere", fileOf(["got", "x"]), 'no step before makes a waiter "x"'],
    ["a name that comes later", fileOf(["dup", "x", "x"]), 'no step before makes a descriptor "x"'],
    ["an unknown key", fileOf({ do: ["epoll", "e"], wants: 0 }), 'there is no "wants" in a step'],
    ["another comparison", fileOf({ do: ["epoll", "e"], as: "list" }), '"as" can be "set"'],
    ["a repetition with a result", fileOf({ do: ["repeat", 1, []], want: 0 }), 'must be ["repeat", TIMES'],
    ["a repetition without steps", fileOf(["repeat", 2]), 'must be ["repeat", TIMES, [STEP, ...]]'],
    ["a repetition of no number", fileOf(["repeat", -1, []]), 'must be ["repeat", TIMES'],
    [
      "an error in a round",
      fileOf(["repeat", 2, [["epoll", "e$i"], ["close", "e1"]]]),
      'step 1, round 1, step 2: no step before makes a descriptor "e1"',
    ],
    [
      "more steps than fit",
      fileOf(["repeat", 3, [["repeat", 1_000_001, [["epoll", "e"]]]]]),
      "more than 1000000 steps",
    ],
  ] as const
) {
  Deno.test(`a file with ${what} is refused with the place and the reason`, () => {
    assertThrows(() => parseScenarios(text), ScenarioFormatError, message);
  });
}

Deno.test("numbers of 64 bits are read from numbers and digits", () => {
  assertEquals(parseU64("0xffffffffffffffff"), 2n ** 64n - 1n);
  assertEquals(parseU64("12"), 12n);
  for (const wrong of [-1, 1.5, 2 ** 53, "", "0x", "-1", "1e3", null, true, [1]]) {
    assertEquals(parseU64(wrong), null);
  }
});

Deno.test("steps and results are written as they are read aloud", () => {
  const [scenario] = parseScenarios(fileOf(...HEAD, ["add", "e", "c", null], ["wait", "e", 1, 0, "null"]));
  assertEquals(scenario!.steps.map(stepText), ["epoll e", "eventfd c", "add e c null", "wait e 1 0 null"]);
  assertEquals(valueText([[1, "IN"]]), '[[1,"IN"]]');
  assertEquals(valueText("EBADF"), "EBADF");
});
