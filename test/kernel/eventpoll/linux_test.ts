/** What is particular to the system over the kernel's epoll: whose files it closes, threads that sleep, numbers that do not fit. */

import {
  assert,
  assertEquals,
  assertGreaterOrEqual,
  assertLess,
  assertRejects,
  assertThrows,
} from "@std/assert";
import { Epoll } from "../../../src/eventpoll/epoll.ts";
import { EpollError } from "../../../src/eventpoll/errors.ts";
import * as events from "../../../src/eventpoll/events.ts";
import { EPOLL_CTL_ADD, EPOLLIN, EPOLLOUT } from "../../../src/eventpoll/events.ts";
import { LinuxSystem } from "../../../src/eventpoll/linux.ts";
import { compilerObstacle, wrongFacts } from "../../unit/abi/_compiler.ts";
import { kernelTest } from "../_kernel.ts";
import { Meddler } from "../wait/_meddler.ts";

const meddler = await Meddler.start();
// To the end: Deno gives the default action back some time after a listener was taken off, and that would kill.
Deno.addSignalListener("SIGUSR2", () => {});

/** Far more than anything here takes, and far less than a thread blocks that nobody ends. */
const SOON_MS = 5000;

const ONE = new Uint8Array(BigUint64Array.of(1n).buffer);

/** An epoll that watches a counter. */
function watchedCounter(system: LinuxSystem): { epfd: number; counter: number } {
  const epfd = system.epoll_create1(0);
  const counter = system.eventfd(0, 0);
  system.epoll_ctl(epfd, EPOLL_CTL_ADD, counter, { events: EPOLLIN, data: 7n });
  return { epfd, counter };
}

kernelTest("sleepers that nobody wakes end with the system, at once and with EINTR", async () => {
  const start = performance.now();
  const system = new LinuxSystem();
  const { epfd, counter } = watchedCounter(system);
  const sleepers = [
    system.sleepInWait(epfd, 1, -1),
    system.sleepInWait(epfd, 1, -1),
    system.sleepInWait(epfd, 1, 1_000_000),
    system.sleepInPoll(epfd, EPOLLIN),
    system.sleepInPoll(counter, EPOLLIN),
    system.sleepInPoll(-1, EPOLLIN),
  ];
  for (const sleeper of sleepers) await sleeper.asleep();
  assertEquals(sleepers.map(({ result }) => result), sleepers.map(() => undefined));
  await system[Symbol.asyncDispose]();
  assertLess(performance.now() - start, SOON_MS);
  for (const sleeper of sleepers) {
    const error = await assertRejects(() => sleeper.finished(), EpollError);
    assertEquals(error.code, "EINTR");
  }
});

kernelTest("a sleeper whose epoll was closed sleeps on, and ends with the system", async () => {
  const start = performance.now();
  const system = new LinuxSystem();
  const { epfd, counter } = watchedCounter(system);
  const sleeper = system.sleepInWait(epfd, 1, -1);
  await sleeper.asleep();
  system.close(epfd);
  await system.settle(0);
  assertEquals(sleeper.result, undefined);
  system.write(counter, ONE);
  await system.settle(0);
  assertEquals(sleeper.result, [{ events: EPOLLIN, data: 7n }], "the thread keeps the epoll alive");
  const other = system.sleepInPoll(counter, EPOLLOUT | EPOLLIN);
  assertEquals(other.result, EPOLLIN | EPOLLOUT);
  await system[Symbol.asyncDispose]();
  assertLess(performance.now() - start, SOON_MS);
});

kernelTest("a signal does not end the sleep of a thread", async () => {
  await using system = new LinuxSystem();
  const { epfd, counter } = watchedCounter(system);
  const sleepers = [
    system.sleepInWait(epfd, 1, -1),
    system.sleepInWait(epfd, 1, 1_000_000),
    system.sleepInPoll(epfd, EPOLLIN),
  ];
  for (const sleeper of sleepers) await sleeper.asleep();
  signalAllThreads();
  await system.settle(0);
  assertEquals(sleepers.map(({ result }) => result), sleepers.map(() => undefined));
  system.write(counter, ONE);
  await system.settle(0);
  assertEquals(sleepers.map(({ result }) => result), [
    [{ events: EPOLLIN, data: 7n }],
    [{ events: EPOLLIN, data: 7n }],
    EPOLLIN,
  ]);
});

const SIGUSR2 = 12;

function signalAllThreads(): void {
  const library = Deno.dlopen("libc.so.6", {
    /** `int tgkill(pid_t tgid, pid_t tid, int sig)`. */
    tgkill: { parameters: ["i32", "i32", "i32"], result: "i32" },
  });
  for (const { name } of Deno.readDirSync("/proc/self/task")) {
    library.symbols.tgkill(Deno.pid, Number(name), SIGUSR2);
  }
  library.close();
}

kernelTest("a signal does not cut a wait short", async () => {
  await using system = new LinuxSystem();
  const { epfd } = watchedCounter(system);
  await meddler.prepare({ name: "signal" });
  meddler.begin();
  const start = performance.now();
  assertEquals(system.epoll_wait(epfd, 1, 50), []);
  assertGreaterOrEqual(performance.now() - start, 50);
  meddler.awaitDone();
});

kernelTest("a sleeper with a time limit returns nothing when it is over", async () => {
  await using system = new LinuxSystem();
  const { epfd } = watchedCounter(system);
  const start = performance.now();
  assertEquals(await system.sleepInWait(epfd, 1, 20).finished(), []);
  assertGreaterOrEqual(performance.now() - start, 20);
});

kernelTest("wrong arguments are the result of a sleeper, and nothing is left behind", async () => {
  await using system = new LinuxSystem();
  const pipe = system.pipe();
  const epfd = system.epoll_create1(0);
  const codes = [[-1, 1], [pipe[0], 1], [epfd, 0]].map(([fd, maxevents]) => {
    const { result } = system.sleepInWait(fd!, maxevents!, -1);
    return result instanceof EpollError ? result.code : result;
  });
  assertEquals(codes, ["EBADF", "EINVAL", "EINVAL"]);
  assertEquals(system.sleepInPoll(0x7fffffff, EPOLLIN).result, events.EPOLLNVAL);
});

kernelTest("more sleepers than Deno has threads for are refused", async () => {
  await using system = new LinuxSystem();
  const { epfd, counter } = watchedCounter(system);
  const sleepers = Array.from({ length: 31 }, () => system.sleepInWait(epfd, 1, -1));
  assertThrows(
    () => system.sleepInWait(epfd, 1, -1),
    RangeError,
    "Cannot start a sleeper: there are threads for 31, and all of them sleep",
  );
  for (const sleeper of sleepers) await sleeper.asleep();
  system.write(counter, ONE);
  await system.settle(0);
  assert(sleepers.every(({ result }) => Array.isArray(result)));
  assertEquals(system.sleepInWait(epfd, 1, -1).result, [{ events: EPOLLIN, data: 7n }]);
});

kernelTest("numbers of others are neither closed nor replaced", async () => {
  await using system = new LinuxSystem();
  const file = await Deno.open("/dev/null");
  const fd = system.eventfd(0, 0);
  const others = numberOf("/dev/null");
  assertThrows(
    () => system.close(others),
    RangeError,
    `Cannot close file descriptor ${others}: it was not opened here`,
  );
  assertThrows(() => system.dup2(fd, others), RangeError, `Cannot replace file descriptor ${others}`);
  assertEquals(await file.read(new Uint8Array(1)), null);
  file.close();
});

/** The number above the standard files that stands for a file. */
function numberOf(path: string): number {
  const numbers = [...Deno.readDirSync("/proc/self/fd")].map(({ name }) => Number(name)).filter((fd) =>
    fd > 2
  );
  return numbers.find((fd) => isPath(fd, path))!;
}

function isPath(fd: number, path: string): boolean {
  try {
    return Deno.readLinkSync(`/proc/self/fd/${fd}`) === path;
  } catch {
    return false; // the descriptor that listed the folder
  }
}

kernelTest("numbers that are no ints are refused before they come near the kernel", async () => {
  await using system = new LinuxSystem();
  const { epfd } = watchedCounter(system);
  for (const wrong of [2 ** 32 + epfd, epfd + 0.5, NaN, -(2 ** 31) - 1]) {
    assertThrows(
      () => system.epoll_wait(wrong, 1, 0),
      RangeError,
      `Cannot make a system call: epfd must be a 32-bit integer, current value is ${wrong}`,
    );
  }
  assertThrows(() => system.epoll_wait(epfd, 1, Infinity), RangeError, "timeoutMs");
  assertThrows(() => system.eventfd(-1, 0), RangeError, "initval must be an unsigned 32-bit integer");
});

kernelTest("a set of thousands of watches is listed and delivered whole", async () => {
  await using system = new LinuxSystem();
  const epfd = system.epoll_create1(0);
  const counter = system.eventfd(1, 0);
  const numbers = Array.from({ length: 3000 }, () => system.dup(counter));
  for (const fd of numbers) system.epoll_ctl(epfd, EPOLL_CTL_ADD, fd, { events: EPOLLIN, data: BigInt(fd) });
  assertEquals(new Set(system.watches(epfd).map(({ fd }) => fd)), new Set(numbers));
  const found = system.epoll_wait(epfd, 178_956_970, 0);
  assertEquals(found.map(({ data }) => Number(data)), numbers);
});

kernelTest("the largest room that a wait may ask for is the kernel's to refuse", async () => {
  await using system = new LinuxSystem();
  const epfd = system.epoll_create1(0);
  assertEquals(system.epoll_wait(epfd, 0x7ffffff, 0), []);
  const error = assertThrows(() => system.epoll_wait(epfd, 0x7fffffff, 0), EpollError);
  assertEquals(error.code, "EINVAL");
});

kernelTest("the class runs on real files, blocking and not", async () => {
  await using system = new LinuxSystem();
  const [reader, writer] = system.pipe();
  using epoll = new Epoll({ system });
  epoll.add(reader, EPOLLIN, 2n ** 64n - 1n);
  assertEquals(epoll.wait({ timeoutMs: 0 }), []);
  const waiting = epoll.waitAsync();
  system.write(writer, new Uint8Array(1));
  assertEquals(await waiting, [{ events: EPOLLIN, data: 2n ** 64n - 1n }]);
  assertEquals(epoll.wait(), [{ events: EPOLLIN, data: 2n ** 64n - 1n }]);
});

const obstacle = compilerObstacle();

Deno.test({
  name: `every constant of the model has the value its header gives it${
    obstacle === null ? "" : ` (${obstacle})`
  }`,
  ignore: obstacle !== null,
  async fn(): Promise<void> {
    const headers = ["sys/epoll.h", "sys/eventfd.h", "sys/socket.h"].map((header) => `#include <${header}>`);
    const constants = Object.entries(events).filter(([, value]) => typeof value === "number");
    const facts = constants.map(([name, value]) => ({
      expression: name === "EPOLLNVAL" ? "0x020" : `(__UINT32_TYPE__) ${name}`, // <sys/epoll.h> does not name it
      expected: BigInt(value as number),
    }));
    assertGreaterOrEqual(facts.length, 20);
    assertEquals(await wrongFacts(headers, facts), []);
  },
});
