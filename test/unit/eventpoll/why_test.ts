import { assertEquals } from "@std/assert";
import {
  EPOLLET,
  EPOLLEXCLUSIVE,
  EPOLLIN,
  EPOLLONESHOT,
  EPOLLOUT,
  EPOLLRDNORM,
  formatMask,
} from "../../../src/eventpoll/events.ts";
import { RingFile } from "../../../src/eventpoll/pollable/ring.ts";
import { TestEpoll } from "./_epoll.ts";

/** Why each watch of an epoll is not reported, and what its file has. */
function whys(test: TestEpoll, epfd = test.epfd): [string, string][] {
  return test.system.explain(epfd).map(({ why, has }) => [why, formatMask(has)]);
}

Deno.test("a watch is ready while it is queued and has an event", () => {
  const test = new TestEpoll();
  const counter = test.counter();
  test.add(counter, EPOLLIN, 1);
  assertEquals(whys(test), [["no event", "0"]]);
  test.count(counter);
  assertEquals(whys(test), [["ready", "IN"]]);
  test.take(counter); // still queued
  assertEquals(whys(test), [["no event", "0"]]);
});

Deno.test("an edge that was reported, a spent one-shot and an event that is not watched for are told apart", () => {
  const test = new TestEpoll();
  const masks = [EPOLLIN | EPOLLET, EPOLLIN | EPOLLONESHOT, EPOLLOUT | EPOLLET, EPOLLET];
  for (const [index, mask] of masks.entries()) test.add(test.counter(1), mask, index);
  test.wait();
  assertEquals(whys(test), [["edge", "IN"], ["spent", "0"], ["edge", "OUT"], ["no event", "0"]]);
});

Deno.test("a wake-up that another exclusive watch took is told", async () => {
  const test = new TestEpoll();
  const behind = test.another();
  const counter = test.counter();
  for (const epfd of [test.epfd, behind]) test.add(counter, EPOLLIN | EPOLLEXCLUSIVE, 1, epfd);
  await test.system.sleepInWait(test.epfd, 1, -1).asleep();
  test.count(counter);
  assertEquals(whys(test, behind), [["exclusive", "IN"]]);
});

Deno.test("an inner epoll is looked into without changing it", () => {
  const test = new TestEpoll();
  const outer = test.another();
  const stale = test.counter(1);
  const counter = test.counter();
  test.add(stale, EPOLLIN | EPOLLET, 1);
  test.add(counter, EPOLLIN | EPOLLET, 2);
  test.add(test.epfd, EPOLLRDNORM, 3, outer);
  test.wait(16, outer);
  test.take(stale);
  assertEquals(whys(test, outer), [["no event", "0"]]);
  assertEquals(test.wait(16, outer), []);
  test.count(counter);
  assertEquals(whys(test, outer), [["no wake-up", "RDNORM"]], "it wakes with IN alone");
  test.count(stale); // at its old place in front, had it not been pruned
  assertEquals(test.wait(), [[2, "IN"], [1, "IN"]]);
});

Deno.test("a ring is not asked, since that would take its wake-up away", () => {
  const test = new TestEpoll();
  const outer = test.another();
  let isMarked = false;
  const ring = new RingFile(() => isMarked);
  test.add(test.system.anon_inode_getfd(ring), EPOLLIN, 1);
  test.add(test.epfd, EPOLLIN, 2, outer);
  isMarked = true;
  ring.wake();
  assertEquals(whys(test), [["unknown", "0"]]);
  assertEquals(whys(test, outer), [["unknown", "0"]]);
});
