import { assertEquals } from "@std/assert";
import { EPOLLET, EPOLLIN } from "../../../../src/eventpoll/events.ts";
import { codeOf, TestEpoll } from "../_epoll.ts";

Deno.test("a timer is readable once its time is over, and tells how often it was", () => {
  const test = new TestEpoll();
  const timer = test.system.timerfd_create();
  test.system.timerfd_settime(timer, 10, 5);
  test.system.advance(9);
  assertEquals(test.poll(timer), "0");
  assertEquals(codeOf(() => test.take(timer)), "EAGAIN");
  test.system.advance(1);
  assertEquals(test.poll(timer), "IN");
  assertEquals(test.take(timer), 1n);
  test.system.advance(4);
  assertEquals(test.poll(timer), "0");
  test.system.advance(12); // 15, 20 and 25 went by
  assertEquals(test.take(timer), 3n);
  test.system.advance(4); // 30
  assertEquals(test.take(timer), 1n);
});

Deno.test("a timer wakes once until it is read", () => {
  const test = new TestEpoll();
  const timer = test.system.timerfd_create();
  test.add(timer, EPOLLIN | EPOLLET, 1);
  test.system.timerfd_settime(timer, 10, 10);
  test.system.advance(35);
  assertEquals(test.wait(), [[1, "IN"]]);
  test.system.advance(10);
  assertEquals(test.wait(), []);
  assertEquals(test.take(timer), 4n);
  test.system.advance(10);
  assertEquals(test.wait(), [[1, "IN"]]);
});

Deno.test("to set a timer anew forgets what it has counted, 0 stops it, and without an interval it is over", () => {
  const test = new TestEpoll();
  const timer = test.system.timerfd_create();
  test.system.timerfd_settime(timer, 10, 0);
  test.system.advance(10);
  test.system.timerfd_settime(timer, 10, 0);
  assertEquals(test.poll(timer), "0");
  test.system.timerfd_settime(timer, 0, 0);
  test.system.advance(100);
  assertEquals(test.poll(timer), "0");
  test.system.timerfd_settime(timer, 10, 0);
  test.system.advance(100);
  assertEquals(test.take(timer), 1n);
  test.system.advance(100);
  assertEquals(test.poll(timer), "0");
});

Deno.test("a closed timer does not fire, and a blocking wait passes the time until one does", () => {
  const test = new TestEpoll();
  const timer = test.system.timerfd_create();
  const closed = test.system.timerfd_create();
  test.add(timer, EPOLLIN, 1);
  test.system.timerfd_settime(closed, 10, 0);
  test.system.timerfd_settime(timer, 30, 0);
  test.system.close(closed);
  test.system.epoll_wait(test.epfd, 1, -1);
  assertEquals(test.system.now(), 30);
});

Deno.test("only timers can be set, and not to negative times; they cannot be written to", () => {
  const test = new TestEpoll();
  const timer = test.system.timerfd_create();
  assertEquals(codeOf(() => test.system.timerfd_settime(timer, -1, 0)), "EINVAL");
  assertEquals(codeOf(() => test.system.timerfd_settime(test.counter(), 1, 0)), "EINVAL");
  assertEquals(codeOf(() => test.write(timer, 8)), "EINVAL");
  assertEquals(codeOf(() => test.read(timer, 7)), "EINVAL");
});
