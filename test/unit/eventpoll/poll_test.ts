import { assertEquals } from "@std/assert";
import {
  EPOLLET,
  EPOLLHUP,
  EPOLLIN,
  EPOLLNVAL,
  EPOLLOUT,
  formatMask,
} from "../../../src/eventpoll/events.ts";
import { codeOf, TestEpoll } from "./_epoll.ts";

Deno.test("poll tells of what was asked for, and of errors and the end without being asked", () => {
  const test = new TestEpoll();
  const [reader, writer] = test.system.pipe();
  test.write(writer, 1);
  assertEquals(test.system.poll(reader, EPOLLOUT), 0);
  assertEquals(test.system.poll(reader, EPOLLIN), EPOLLIN);
  test.system.close(writer);
  assertEquals(test.system.poll(reader, 0), EPOLLHUP);
});

Deno.test("poll passes over negative numbers, and calls numbers invalid that are not open", () => {
  const { system } = new TestEpoll();
  assertEquals(system.poll(-1, EPOLLIN), 0);
  assertEquals(system.poll(99, EPOLLIN), EPOLLNVAL);
});

Deno.test("files and directories can always be read and written, as far as poll is concerned", () => {
  const test = new TestEpoll();
  const { system } = test;
  for (const fd of [system.openFile(), system.openDirectory()]) {
    assertEquals(formatMask(system.poll(fd, 0xffff)), "IN|OUT|RDNORM|WRNORM");
    assertEquals(codeOf(() => test.add(fd, EPOLLIN, 1)), "EPERM");
  }
  const file = system.openFile();
  assertEquals([test.write(file, 9), test.read(file, 9)], [9, 0]);
  const directory = system.openDirectory();
  assertEquals(codeOf(() => test.read(directory, 9)), "EISDIR");
  assertEquals(codeOf(() => test.write(directory, 9)), "EBADF");
  assertEquals(codeOf(() => test.read(test.epfd, 9)), "EINVAL");
  assertEquals(codeOf(() => test.write(test.epfd, 9)), "EINVAL");
});

Deno.test("a sleeper in poll hears of its own events only, and leaves no entry behind", async () => {
  const test = new TestEpoll();
  const counter = test.counter(1);
  test.take(counter);
  const sleeper = test.system.sleepInPoll(counter, EPOLLIN);
  await sleeper.asleep();
  codeOf(() => test.take(counter));
  assertEquals(sleeper.result, undefined);
  test.count(counter);
  test.system.run();
  assertEquals(sleeper.result, EPOLLIN);
  test.add(counter, EPOLLIN | EPOLLET, 1);
  assertEquals(test.wait(), [[1, "IN"]]);
});

Deno.test("a sleeper in poll that finds nothing goes on sleeping", async () => {
  const test = new TestEpoll();
  const counter = test.counter();
  const sleeper = test.system.sleepInPoll(counter, EPOLLIN);
  await sleeper.asleep();
  test.count(counter);
  test.take(counter);
  await test.system.settle();
  assertEquals(sleeper.result, undefined);
  test.count(counter);
  assertEquals(await sleeper.finished(), EPOLLIN);
});

Deno.test("all sleepers in poll on an epoll are woken, with those in epoll_wait", async () => {
  const test = new TestEpoll();
  const counter = test.counter();
  test.add(counter, EPOLLIN, 1);
  const polls = [0, 1, 2].map(() => test.system.sleepInPoll(test.epfd, EPOLLIN));
  const wait = test.system.sleepInWait(test.epfd, 1, -1);
  await wait.asleep();
  test.count(counter);
  await test.system.settle();
  assertEquals(polls.map(({ result }) => result), [EPOLLIN, EPOLLIN, EPOLLIN]);
  assertEquals(wait.result, [{ events: EPOLLIN, data: 1n }]);
});

Deno.test("poll on a number that is not open returns at once", async () => {
  const { system } = new TestEpoll();
  assertEquals(await system.sleepInPoll(99, EPOLLIN).finished(), EPOLLNVAL);
});
