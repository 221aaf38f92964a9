import { assertEquals, assertThrows } from "@std/assert";
import { Clock } from "../../../src/eventpoll/clock.ts";

Deno.test("timers happen in order of time, and those of one time in the order of their start", () => {
  const clock = new Clock();
  const happened: [string, number][] = [];
  const note = (name: string) => (): void => void happened.push([name, clock.now]);
  clock.start(30, note("late"));
  clock.start(10, note("first"));
  clock.start(10, note("second"));
  const never = clock.start(20, note("never"));
  clock.cancel(never);
  clock.cancel(never);
  assertEquals(clock.next, 10);
  while (clock.fire());
  assertEquals(happened, [["first", 10], ["second", 10], ["late", 30]]);
  assertEquals(clock.next, Infinity);
});

Deno.test("a timer may start another, and one in the past happens at once and turns no time back", () => {
  const clock = new Clock();
  const happened: number[] = [];
  clock.start(50, () => clock.start(20, () => happened.push(clock.now)));
  clock.fire();
  clock.fire();
  assertEquals(happened, [50]);
});

Deno.test("the clock does not pass over a timer and does not go back", () => {
  const clock = new Clock();
  clock.start(10, () => {});
  assertThrows(() => clock.moveTo(11), RangeError, "a timer is due at 10 ms");
  clock.moveTo(8);
  clock.moveTo(3);
  assertEquals(clock.now, 8);
});
