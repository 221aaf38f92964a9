import { assertEquals } from "@std/assert";
import {
  EPOLLET,
  EPOLLEXCLUSIVE,
  EPOLLIN,
  EPOLLONESHOT,
  EPOLLOUT,
  formatMask,
} from "../../../src/eventpoll/events.ts";
import type { TraceStep } from "../../../src/eventpoll/trace.ts";
import { codeOf, TestEpoll } from "./_epoll.ts";

/** An epoll whose steps are written down in few words. */
class TracedEpoll extends TestEpoll {
  #steps: string[] = [];

  constructor() {
    super();
    this.system.trace((step) => void this.#steps.push(tell(step)));
  }

  /** The steps since the last call. */
  steps(): string[] {
    const steps = this.#steps;
    this.#steps = [];
    return steps;
  }
}

function tell(step: TraceStep): string {
  const who = "data" in step ? `${step.data} ` : "";
  switch (step.step) {
    case "insert":
    case "modify":
      return `${who}${step.step} ${formatMask(step.events)} has ${formatMask(step.ready)}`;
    case "callback":
      return `${who}callback ${formatMask(step.key)}`;
    case "deliver":
      return `${who}deliver ${formatMask(step.events)}`;
    case "ignore":
    case "put back":
      return `${who}${step.step}: ${step.why}`;
    case "queue":
      return `${who}queue: ${step.list}`;
    case "timeout":
      return `timeout of ${step.pid}${step.harvests ? ", looks once more" : ""}`;
    case "sleep":
    case "wake":
      return `${step.step} ${step.pid}`;
    default:
      return `${who}${step.step}`;
  }
}

Deno.test("the road of a level-triggered event is told from the wake-up until the file is empty", () => {
  const test = new TracedEpoll();
  const counter = test.counter();
  test.add(counter, EPOLLIN, 1);
  assertEquals(test.steps(), ["1 insert IN|ERR|HUP has 0"]);
  test.count(counter);
  assertEquals(test.steps(), ["1 callback IN", "1 queue: rdllist"]);
  test.count(counter);
  assertEquals(test.steps(), ["1 callback IN", "1 ignore: linked"]);
  test.wait();
  assertEquals(test.steps(), ["1 deliver IN", "1 put back: level"]);
  test.take(counter);
  assertEquals(test.steps(), ["1 callback OUT", "1 ignore: key"]);
  test.wait();
  assertEquals(test.steps(), ["1 prune"]);
  test.delete(counter);
  assertEquals(test.steps(), ["1 remove"]);
});

Deno.test("a one-shot watch tells that it is spent, and what it does not hear any more", () => {
  const test = new TracedEpoll();
  const counter = test.counter(1);
  test.add(counter, EPOLLIN | EPOLLONESHOT, 1);
  assertEquals(test.steps(), ["1 insert IN|ERR|HUP|ONESHOT has IN", "1 queue: rdllist"]);
  test.wait();
  assertEquals(test.steps(), ["1 deliver IN", "1 spend"]);
  test.count(counter);
  assertEquals(test.steps(), ["1 callback IN", "1 ignore: spent"]);
  test.modify(counter, EPOLLOUT | EPOLLET, 2);
  assertEquals(test.steps(), ["2 modify OUT|ERR|HUP|ET has OUT", "2 queue: rdllist"]);
});

Deno.test("a wake-up is followed through nested epolls", () => {
  const test = new TracedEpoll();
  const outer = test.another();
  const counter = test.counter();
  test.add(counter, EPOLLIN, 1);
  test.add(test.epfd, EPOLLIN | EPOLLET, 2, outer);
  test.steps();
  test.count(counter);
  assertEquals(test.steps(), [
    "1 callback IN",
    "1 queue: rdllist",
    "forward",
    "2 callback IN",
    "2 queue: rdllist",
  ]);
  test.count(counter);
  assertEquals(test.steps(), [
    "1 callback IN",
    "1 ignore: linked",
    "forward",
    "2 callback IN",
    "2 ignore: linked",
  ]);
});

Deno.test("sleepers are followed from falling asleep to their end", async () => {
  const test = new TracedEpoll();
  const counter = test.counter();
  test.add(counter, EPOLLIN | EPOLLET | EPOLLEXCLUSIVE, 1);
  const first = test.system.sleepInWait(test.epfd, 1, 5);
  const second = test.system.sleepInWait(test.epfd, 1, 5);
  await second.asleep();
  test.steps();
  test.count(counter);
  assertEquals(test.steps(), ["1 callback IN", "1 queue: rdllist", "1 absorb", `wake ${second.pid}`]);
  test.system.run();
  assertEquals(test.steps(), ["1 deliver IN"]);
  test.system.advance(5);
  assertEquals(test.steps(), [`timeout of ${first.pid}`]);
  const third = test.system.sleepInWait(test.epfd, 1, 5);
  await third.asleep();
  test.count(counter);
  test.system.fire();
  test.steps();
  test.system.run();
  assertEquals(test.steps(), [`timeout of ${third.pid}, looks once more`, "1 deliver IN"]);
});

Deno.test("a wait without a buffer tells that it put the event back", () => {
  const test = new TracedEpoll();
  test.add(test.counter(1), EPOLLIN, 1);
  test.steps();
  codeOf(() => test.system.epoll_wait(test.epfd, 1, 0, false));
  assertEquals(test.steps(), ["1 put back: fault"]);
});

Deno.test("steps call files by numbers of their own, which are never another file's", () => {
  const test = new TestEpoll();
  const files: number[] = [];
  test.system.trace((step) => void ("file" in step && files.push(step.file)));
  for (let round = 0; round < 2; round++) {
    const counter = test.counter();
    test.add(counter, EPOLLIN, 1);
    test.system.close(counter);
  }
  assertEquals(files, [2, 2, 3, 3]);
  test.system.trace(null);
  test.add(test.counter(), EPOLLIN, 1);
  assertEquals(files.length, 4);
});
