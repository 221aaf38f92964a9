/** Tests of the lists in which the kernel names CPUs, and of rings whose CPUs are no row without gaps. */

import { assertEquals, assertThrows } from "@std/assert";
import { parseCpuList } from "../../../src/source/cpus.ts";
import { MemoryPipe } from "../pipe/_pipe.ts";

Deno.test("parseCpuList reads numbers and ranges in any mixture, with the line end of sysfs", () => {
  const table: readonly [string, number[]][] = [
    ["0", [0]],
    ["0\n", [0]],
    ["0,1", [0, 1]],
    ["0-7", [0, 1, 2, 3, 4, 5, 6, 7]],
    ["0-3,4-7", [0, 1, 2, 3, 4, 5, 6, 7]],
    ["0-2,3,4-5\n", [0, 1, 2, 3, 4, 5]],
    ["0-1,4,6-6", [0, 1, 4, 6]],
    ["0-11,16-18", [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 16, 17, 18]],
    ["4095", [4095]],
    ["", []],
    ["\n", []],
  ];
  for (const [list, cpus] of table) assertEquals(parseCpuList(list), cpus);
});

Deno.test("parseCpuList refuses what is no list, and names the part that is wrong", () => {
  for (
    const [list, part] of [
      ["0-1,2-", "2-"],
      ["foo", "foo"],
      ["-3", "-3"],
      ["3-1", "3-1"],
      ["0,,2", ""],
      ["0,", ""],
      ["1.5", "1.5"],
      ["0 1", "0 1"],
      ["0x3", "0x3"],
      ["0-1-2", "0-1-2"],
    ] as const
  ) {
    assertThrows(
      () => parseCpuList(list),
      SyntaxError,
      `the CPU list "${list}": "${part}" is neither a number nor an ascending range`,
    );
  }
});

Deno.test("events, losses and counts of CPUs 0, 2 and 7 carry these numbers, and not their place in the row", () => {
  const told: string[] = [];
  using memory = new MemoryPipe({
    ringBytes: 4096,
    cpus: [0, 2, 7],
    onLost: (cpu, count) => void told.push(`CPU ${cpu} lost ${count}`),
  });
  const seen: [cpu: number, ring: number][] = [];
  memory.pipe.register({ name: "note", process: (event) => void seen.push([event.cpu, event.u64(12)]) });
  for (const ring of [2, 0, 1]) memory.emit(0, ring, ring);
  memory.pipe.poll(0);
  assertEquals(seen, [[0, 0], [2, 1], [7, 2]]);
  const accepted = memory.overflow(5, 2);
  memory.pipe.consume(2);
  memory.emit(0, 9, 2);
  memory.pipe.consume(2);
  assertEquals([told, seen.at(-1)], [["CPU 7 lost 5"], [7, 9]]);
  assertThrows(() => memory.pipe.consume(7), RangeError, "there is no ring 7, this pipe has 3");
  const { cpus } = memory.pipe.statistics();
  assertEquals(cpus.map(({ cpu, events, lost }) => [cpu, events, lost]), [[0, 1, 0], [2, 1, 0], [
    7,
    accepted + 2,
    5,
  ]]);
});
