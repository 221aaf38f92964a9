import { assertEquals } from "@std/assert";
import { EFD_SEMAPHORE, EPOLLET, EPOLLIN, EPOLLOUT } from "../../../../src/eventpoll/events.ts";
import { codeOf, TestEpoll } from "../_epoll.ts";

const MAX = 2n ** 64n - 1n;

Deno.test("a counter gives all it has counted, a semaphore one at a time", () => {
  const test = new TestEpoll();
  const counter = test.counter(2);
  test.count(counter, 40n);
  assertEquals(test.take(counter), 42n);
  const semaphore = test.system.eventfd(2, EFD_SEMAPHORE);
  assertEquals([test.take(semaphore), test.take(semaphore)], [1n, 1n]);
  for (const fd of [counter, semaphore]) assertEquals(codeOf(() => test.take(fd)), "EAGAIN");
});

Deno.test("a counter stops below 2^64 - 1, and tells at 2^64 - 2 that it takes no more", () => {
  const test = new TestEpoll();
  const counter = test.counter();
  assertEquals(codeOf(() => test.count(counter, MAX)), "EINVAL");
  test.count(counter, MAX - 2n);
  assertEquals(test.poll(counter), "IN|OUT");
  assertEquals(codeOf(() => test.count(counter, 2n)), "EAGAIN");
  test.count(counter, 1n);
  assertEquals(test.poll(counter), "IN");
  assertEquals(test.take(counter), MAX - 1n);
  assertEquals(test.poll(counter), "OUT");
});

Deno.test("each read and each write wakes, even a write of nothing; those that fail do not", () => {
  const test = new TestEpoll();
  const counter = test.counter(1);
  test.add(counter, EPOLLIN | EPOLLET, 1);
  assertEquals(test.wait(), [[1, "IN"]]);
  test.count(counter, 0n);
  assertEquals(test.wait(), [[1, "IN"]]);
  const outer = test.another();
  test.add(counter, EPOLLOUT | EPOLLET, 2, outer);
  assertEquals(test.wait(16, outer), [[2, "OUT"]]);
  test.take(counter);
  assertEquals(test.wait(16, outer), [[2, "OUT"]]);
  codeOf(() => test.take(counter));
  codeOf(() => test.count(counter, MAX));
  assertEquals([test.wait(), test.wait(16, outer)], [[], []]);
});

Deno.test("a counter is read into 8 bytes or more and written with 8, in the machine's byte order", () => {
  const test = new TestEpoll();
  const counter = test.counter(7);
  assertEquals(codeOf(() => test.read(counter, 7)), "EINVAL");
  for (const bytes of [0, 7, 9]) assertEquals(codeOf(() => test.write(counter, bytes)), "EINVAL");
  const buffer = new Uint8Array(16);
  assertEquals(test.system.read(counter, buffer), 8);
  assertEquals([...new BigUint64Array(buffer.buffer)], [7n, 0n]);
  assertEquals(codeOf(() => test.system.eventfd(0, 2)), "EINVAL");
});
