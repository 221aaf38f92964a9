import { assertEquals, assertNotEquals } from "@std/assert";
import { Clock } from "../../../src/eventpoll/clock.ts";
import {
  default_wake_function,
  Scheduler,
  type SleepingCall,
  type Task,
} from "../../../src/eventpoll/sched.ts";

/** A call that sleeps until the limits are over or it is woken, and returns what it was told. */
function* sleepThrough(...limits: number[]): SleepingCall<boolean[]> {
  const told: boolean[] = [];
  for (const limit of limits) told.push(yield limit);
  return told;
}

function started(scheduler: Scheduler, ...limits: number[]): Task<boolean[]> {
  const task = scheduler.create(() => sleepThrough(...limits));
  scheduler.enqueue(task);
  return task;
}

Deno.test("a task runs when it is let, sleeps, and goes on when it is woken", () => {
  const scheduler = new Scheduler(new Clock());
  const task = started(scheduler, Infinity);
  assertEquals([task.isSleeping, task.result], [false, undefined]);
  scheduler.run();
  assertEquals([task.isSleeping, task.result], [true, undefined]);
  assertEquals(default_wake_function(task), 1);
  assertEquals(default_wake_function(task), 0, "it is awake already");
  assertEquals(task.result, undefined, "woken is not run");
  scheduler.run();
  assertEquals(task.result, [false]);
  assertEquals(default_wake_function(task), 0);
});

Deno.test("a limit wakes a task, and a task that was woken before its limit was over hears nothing of it", () => {
  const clock = new Clock();
  const scheduler = new Scheduler(clock);
  const slow = started(scheduler, 10, 20);
  const quick = started(scheduler, 10, Infinity);
  scheduler.run();
  default_wake_function(quick);
  scheduler.run();
  while (clock.fire()) scheduler.run();
  assertEquals(slow.result, [true, true]);
  default_wake_function(quick);
  scheduler.run();
  assertEquals(quick.result, [false, false]);
});

Deno.test("a limit that is over between waking up and running is told", () => {
  const clock = new Clock();
  const scheduler = new Scheduler(clock);
  const task = started(scheduler, 10);
  scheduler.run();
  default_wake_function(task);
  clock.fire();
  scheduler.run();
  assertEquals(task.result, [true]);
});

/** In which order five tasks return that were all woken at once. */
function orderOf(seed?: number): string {
  const scheduler = new Scheduler(new Clock(), seed);
  const order: number[] = [];
  for (let task = 0; task < 5; task++) {
    const made = started(scheduler);
    made.onReturn = (): void => void order.push(task);
  }
  scheduler.run();
  return order.join("");
}

Deno.test("without a seed tasks run in the order in which they woke up", () => {
  assertEquals(orderOf(), "01234");
});

Deno.test("a seed draws an order, the same at each run, and seeds reach all first ones", () => {
  assertEquals(orderOf(3), orderOf(3));
  const orders = Array.from({ length: 40 }, (_, seed) => orderOf(seed));
  assertEquals(new Set(orders.map((order) => order[0])).size, 5);
  assertNotEquals(new Set(orders).size, 1);
});

Deno.test("a caller that blocks lets others run and time pass until it can go on", () => {
  const clock = new Clock();
  const scheduler = new Scheduler(clock);
  const log: string[] = [];
  const other = started(scheduler);
  other.onReturn = (): void => void log.push("other ran");
  clock.start(7, () => log.push("a timer fired"));
  assertEquals(scheduler.block(() => sleepThrough(9)), [true]);
  assertEquals(log, ["other ran", "a timer fired"]);
  assertEquals(clock.now, 9);
});

Deno.test("a caller that nothing could wake is told so", () => {
  const scheduler = new Scheduler(new Clock());
  let cleaned = 0;
  const call = function* (): SleepingCall<number> {
    try {
      yield Infinity;
      return 1;
    } finally {
      cleaned++;
    }
  };
  assertEquals(scheduler.block(call), null);
  assertEquals(cleaned, 1);
});

Deno.test("tasks run by themselves once somebody asked for it", async () => {
  const scheduler = new Scheduler(new Clock());
  const before = started(scheduler);
  scheduler.runByItself();
  const behind = started(scheduler);
  await Promise.resolve();
  assertEquals([before.result, behind.result], [[], []]);
});

Deno.test("a task that is ended cleans up, and its limit does not wake it", () => {
  const clock = new Clock();
  const scheduler = new Scheduler(clock);
  const task = started(scheduler, 5);
  scheduler.run();
  task.kill();
  assertEquals(clock.next, Infinity);
  assertEquals(default_wake_function(task), 0);
});
