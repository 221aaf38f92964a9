/** What scenarios cannot show, or not as plainly: limits, quotas, wake-up sources, the order of paths, the end of things. */

import { assertEquals } from "@std/assert";
import {
  EPOLL_CTL_DEL,
  EPOLLET,
  EPOLLEXCLUSIVE,
  EPOLLIN,
  EPOLLONESHOT,
  EPOLLWAKEUP,
} from "../../../src/eventpoll/events.ts";
import { codeOf, TestEpoll } from "./_epoll.ts";

Deno.test("a wake-up reaches watches of one file newest first, exclusive ones behind, oldest first", () => {
  const test = new TestEpoll();
  const counter = test.counter();
  const masks = [EPOLLIN, EPOLLIN | EPOLLEXCLUSIVE, EPOLLIN | EPOLLET, EPOLLIN | EPOLLEXCLUSIVE];
  for (const [index, mask] of masks.entries()) test.add(test.system.dup(counter), mask, index + 1);
  test.count(counter);
  assertEquals(test.wait(), [[3, "IN"], [1, "IN"], [2, "IN"], [4, "IN"]]);
});

Deno.test("a watch that is queued keeps its place through a change to a mask that is not ready, and back", () => {
  const test = new TestEpoll();
  const counters = [1, 2, 3].map((data) => {
    const counter = test.counter(1);
    test.add(counter, EPOLLIN, data);
    return counter;
  });
  test.modify(counters[0]!, 0, 1);
  test.modify(counters[0]!, EPOLLIN, 9);
  assertEquals(test.wait(), [[9, "IN"], [2, "IN"], [3, "IN"]]);
});

Deno.test("500 epolls may stand around one that watches a file, and the next one is refused and leaves nothing", () => {
  const test = new TestEpoll();
  test.add(test.counter(), EPOLLIN, 1);
  for (let count = 0; count < 500; count++) test.add(test.epfd, EPOLLIN, 2, test.another());
  const last = test.another();
  assertEquals(codeOf(() => test.add(test.epfd, EPOLLIN, 2, last)), "EINVAL");
  assertEquals(test.system.watches(last), []);
  assertEquals(test.system.user.epoll_watches, 501);
});

Deno.test("any number of epolls may watch a file directly, though some are watched themselves", () => {
  const test = new TestEpoll();
  const counter = test.counter();
  for (let count = 0; count < 1100; count++) {
    const epfd = test.another();
    if (count % 100 === 0) test.add(epfd, EPOLLIN, 2);
    test.add(counter, EPOLLIN, 1, epfd);
  }
  assertEquals(test.system.user.epoll_watches, 1111);
});

Deno.test("longer ways to wake up are counted by their own limits: 100 of three, 50 of four, 10 of five", () => {
  for (const [between, limit] of [[2, 100], [3, 50], [4, 10]] as const) {
    const test = new TestEpoll();
    test.add(test.counter(), EPOLLIN, 1);
    let top = test.epfd;
    for (let count = 1; count < between; count++) {
      const next = test.another();
      test.add(top, EPOLLIN, 1, next);
      top = next;
    }
    for (let count = 0; count < limit; count++) test.add(top, EPOLLIN, 1, test.another());
    assertEquals(codeOf(() => test.add(top, EPOLLIN, 1, test.another())), "EINVAL", `${between}`);
  }
});

Deno.test("a file that is added below is counted with all ways from there", () => {
  const test = new TestEpoll();
  for (let count = 0; count < 501; count++) test.add(test.epfd, EPOLLIN, 2, test.another());
  assertEquals(codeOf(() => test.add(test.counter(), EPOLLIN, 1)), "EINVAL");
  assertEquals(test.system.watches(test.epfd), []);
});

Deno.test("the user's watches are counted over all epolls and given back by every way a watch can end", () => {
  const test = new TestEpoll({ maxUserWatches: 3 });
  const { system } = test;
  const other = test.another();
  const counters = [0, 1, 2, 3].map(() => test.counter());
  test.add(counters[0]!, EPOLLIN, 0);
  test.add(counters[1]!, EPOLLIN, 1);
  test.add(counters[1]!, EPOLLIN, 1, other);
  const refused = (): string => codeOf(() => test.add(counters[3]!, EPOLLIN, 3));
  assertEquals(refused(), "ENOSPC");
  test.delete(counters[0]!);
  test.add(counters[0]!, EPOLLIN, 0);
  assertEquals(refused(), "ENOSPC");
  system.close(counters[1]!); // is watched twice
  assertEquals(system.user.epoll_watches, 1);
  system.close(test.epfd);
  assertEquals(system.user.epoll_watches, 0);
});

Deno.test("EPOLLWAKEUP means nothing without the capability", () => {
  const test = new TestEpoll();
  test.add(test.counter(1), EPOLLIN | EPOLLWAKEUP, 1);
  assertEquals(test.system.watches(test.epfd)[0]!.events & EPOLLWAKEUP, 0);
  assertEquals(test.system.machine.wakeupSources.isActive, false);
});

Deno.test("with EPOLLWAKEUP the machine stays awake from the wake-up until the event is delivered", () => {
  const test = new TestEpoll({ mayBlockSuspend: true });
  const { wakeupSources } = test.system.machine;
  const counter = test.counter();
  test.add(counter, EPOLLIN | EPOLLWAKEUP | EPOLLET, 1);
  assertEquals(wakeupSources.isActive, false);
  test.count(counter);
  assertEquals(wakeupSources.isActive, true);
  assertEquals(test.wait(), [[1, "IN"]]);
  assertEquals(wakeupSources.isActive, false);
});

Deno.test("a level-triggered watch keeps the machine awake for as long as it is on the list", () => {
  const test = new TestEpoll({ mayBlockSuspend: true });
  const { wakeupSources } = test.system.machine;
  const counter = test.counter(1);
  test.add(counter, EPOLLIN | EPOLLWAKEUP, 1);
  assertEquals(test.wait(), [[1, "IN"]]);
  assertEquals(wakeupSources.isActive, true);
  test.take(counter);
  assertEquals(test.poll(test.epfd), "0");
  assertEquals(wakeupSources.isActive, false);
  test.count(counter);
  codeOf(() => test.system.epoll_wait(test.epfd, 1, 0, false));
  assertEquals(wakeupSources.isActive, true, "it could not be delivered");
});

Deno.test("a wake-up source goes with its mask, its watch or its epoll", () => {
  const test = new TestEpoll({ mayBlockSuspend: true });
  const { wakeupSources } = test.system.machine;
  const counter = test.counter(1);
  test.add(counter, EPOLLIN | EPOLLWAKEUP, 1);
  assertEquals(wakeupSources.isActive, true);
  test.modify(counter, EPOLLIN, 1);
  assertEquals(wakeupSources.isActive, false);
  test.delete(counter);
  for (const end of [() => test.delete(counter), () => test.system.close(test.epfd)]) {
    test.add(counter, EPOLLIN | EPOLLWAKEUP, 1);
    assertEquals(wakeupSources.isActive, true);
    end();
    assertEquals(wakeupSources.isActive, false);
  }
});

Deno.test("a watch ends with its file though it is queued, and nothing of it is left anywhere", () => {
  const test = new TestEpoll();
  const outer = test.another();
  const counter = test.counter(1);
  test.add(counter, EPOLLIN, 1);
  test.add(test.epfd, EPOLLIN, 2, outer);
  test.system.close(counter);
  assertEquals([test.wait(), test.wait(16, outer)], [[], []]);
  test.system.close(test.epfd);
  assertEquals(test.system.watches(outer), []);
});

Deno.test("an epoll with a sleeper lives on behind its close, and the sleeper is not woken by it", async () => {
  const test = new TestEpoll();
  const counter = test.counter();
  test.add(counter, EPOLLIN, 1);
  const sleeper = test.system.sleepInWait(test.epfd, 1, 100);
  await sleeper.asleep();
  test.system.close(test.epfd);
  assertEquals(sleeper.result, undefined);
  assertEquals(test.system.user.epoll_watches, 1);
  test.system.advance(100);
  assertEquals(sleeper.result, []);
  assertEquals(test.system.user.epoll_watches, 0);
});

Deno.test("the data of DEL is not looked at, and a spent watch is removed like any other", () => {
  const test = new TestEpoll();
  const counter = test.counter(1);
  test.add(counter, EPOLLIN | EPOLLONESHOT, 1);
  test.wait();
  const event = { events: EPOLLEXCLUSIVE | EPOLLONESHOT, data: 9n };
  test.system.epoll_ctl(test.epfd, EPOLL_CTL_DEL, counter, event);
  assertEquals(test.system.watches(test.epfd), []);
});

Deno.test("fdinfo lists the watches as /proc does, by file and number", () => {
  const test = new TestEpoll();
  const first = test.counter();
  const second = test.counter();
  test.add(second, EPOLLIN | EPOLLET, 0x2a);
  test.add(first, 0, 1);
  assertEquals(
    test.system.fdinfo(test.epfd),
    "tfd:        4 events:       18 data:                1  pos:0 ino:2 sdev:0\n" +
      "tfd:        5 events: 80000019 data:               2a  pos:0 ino:3 sdev:0\n",
  );
  assertEquals(test.system.fdinfo(first), "", "a file that is no epoll watches nothing");
});
