/** The crossings of the suite `border`: they cross as often as they are told, and the lines of their program. */

import { assert, assertEquals, assertThrows } from "@std/assert";
import { awaitedLoopOf, loopOf } from "../../../../bench/peers/border/crossing.ts";
import { crossRequest, readCrossAnswer, readCrossRequest } from "../../../../bench/peers/border/protocol.ts";
import { webAssembly } from "../../../../bench/peers/border/webassembly.ts";

Deno.test("a loop makes its crossing as often as it is told and adds up what comes back", async () => {
  let calls = 0;
  const cross = (i: number): number => {
    calls++;
    return i;
  };
  const options = { group: "calls", name: "one", body: "cross(i)", scope: { cross } };
  assertEquals([loopOf(options).run(5), calls], [10, 5]);
  assertEquals([await awaitedLoopOf(options).run(5), calls], [10, 10]);
  assertEquals(
    loopOf({ group: "", name: "", body: "2 ** 32 + i" }).run(3),
    3,
    "sums are integers of 32 bits",
  );
});

Deno.test("the module of WebAssembly returns what it gets, and calls what it imports", () => {
  assertEquals(webAssembly().map(({ name, run }) => [name, run(5)]), [
    ["() -> i32", 5],
    ["(i32) -> i32", 10],
    ["(f64) -> f64", 10],
    ["(i64) -> i64, BigInts", 5],
    ["(i32) -> i32", 3], // of 5, 4, 3, 2, 1 the odd ones
  ]);
});

Deno.test("the program of the crossings reads the requests that the harness writes, and nothing else", () => {
  assertEquals(readCrossRequest(crossRequest([2, 0, 1]).trimEnd()), [2, 0, 1]);
  for (const wrong of ["", "cross", "cross x", "cross 1 -1", "block 1"]) {
    assertThrows(() => readCrossRequest(wrong), TypeError, `current value is ${wrong}`);
  }
});

Deno.test("the harness reads the program's answers, and refuses what is none", () => {
  const crossings = [{ group: "calls", name: "() -> i32" }];
  for (const answer of [{ crossings }, { ns: [0.5, 3] }, { error: "Cannot x: y" }]) {
    assertEquals<unknown>(readCrossAnswer(JSON.stringify(answer)), answer);
  }
  for (const wrong of ["", "null", "{}", '{"ns":[0]}', '{"ns":["1"]}', '{"crossings":[{"group":"x"}]}']) {
    assertThrows(() => readCrossAnswer(wrong), TypeError, `current value is ${wrong}`);
  }
  assert("error" in readCrossAnswer('{"error":"x"}'));
});
