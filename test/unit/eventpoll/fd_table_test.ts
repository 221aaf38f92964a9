import { assertEquals } from "@std/assert";
import { EPOLL_CLOEXEC, EPOLLIN } from "../../../src/eventpoll/events.ts";
import type { FileOperations } from "../../../src/eventpoll/structs.ts";
import { codeOf, TestEpoll } from "./_epoll.ts";

Deno.test("a new file gets the lowest number that is free, from 3 on", () => {
  const { system } = new TestEpoll(); // has 3
  assertEquals(system.pipe(), [4, 5]);
  assertEquals(system.dup(4), 6);
  system.close(5);
  system.close(4);
  assertEquals(system.eventfd(0, 0), 4);
  assertEquals(system.socketpair(), [5, 7]);
});

Deno.test("a file ends with its last number", () => {
  const { system } = new TestEpoll();
  let released = 0;
  const f_op: FileOperations = { name: "counted", release: () => void released++ };
  const first = system.anon_inode_getfd(f_op);
  const second = system.dup(first);
  system.dup2(second, 100);
  system.close(first);
  system.close(100);
  assertEquals(released, 0);
  system.close(second);
  assertEquals(released, 1);
  assertEquals(codeOf(() => system.close(second)), "EBADF");
});

Deno.test("dup2 closes what the number stood for, and does nothing for the same number", () => {
  const test = new TestEpoll();
  const { system } = test;
  const counter = test.counter(5);
  const [reader, writer] = system.pipe();
  system.dup2(counter, reader);
  assertEquals(test.poll(writer), "OUT|ERR|WRNORM", "the reader is gone");
  assertEquals(test.take(reader), 5n);
  system.dup2(counter, counter);
  test.count(counter);
  assertEquals(test.take(reader), 1n);
});

Deno.test("numbers that are not open, and those that cannot be, are refused", () => {
  const { system, epfd } = new TestEpoll();
  for (
    const call of [
      () => system.dup(99),
      () => system.dup(-1),
      () => system.dup2(99, epfd),
      () => system.dup2(99, 99),
      () => system.dup2(epfd, -1),
      () => system.dup2(epfd, 1 << 30),
      () => system.close(-1),
      () => system.read(99, new Uint8Array(1)),
      () => system.write(99, new Uint8Array(1)),
      () => system.shutdown(99, 0),
      () => system.isCloseOnExec(99),
      () => system.watches(99),
      () => system.timerfd_settime(99, 1, 0),
    ]
  ) assertEquals(codeOf(call), "EBADF", String(call));
});

Deno.test("a process has no more than 2^20 numbers, and a file that gets none is let go", () => {
  const { system } = new TestEpoll();
  const fd = system.eventfd(0, 0);
  for (let count = 5; count < 2 ** 20; count++) system.dup(fd);
  assertEquals(codeOf(() => system.dup(fd)), "EMFILE");
  let isReleased = false;
  const f_op: FileOperations = { name: "late", release: () => void (isReleased = true) };
  assertEquals(codeOf(() => system.anon_inode_getfd(f_op)), "EMFILE");
  assertEquals(isReleased, true);
});

Deno.test("FD_CLOEXEC belongs to the number, and dup does not take it over", () => {
  const { system } = new TestEpoll();
  const fd = system.epoll_create1(EPOLL_CLOEXEC);
  const copy = system.dup(fd);
  assertEquals([system.isCloseOnExec(fd), system.isCloseOnExec(copy)], [true, false]);
});

Deno.test("the end of the system closes everything", async () => {
  const test = new TestEpoll();
  let released = 0;
  const fd = test.system.anon_inode_getfd({ name: "counted", poll: () => 0, release: () => void released++ });
  test.add(fd, EPOLLIN, 1);
  const sleeper = test.system.sleepInWait(test.epfd, 1, -1);
  await sleeper.asleep();
  await test.system[Symbol.asyncDispose]();
  assertEquals(released, 1);
  assertEquals(test.system.user.epoll_watches, 0);
  assertEquals(sleeper.result, undefined);
});
