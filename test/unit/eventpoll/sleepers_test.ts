import { assertEquals, assertRejects } from "@std/assert";
import fc from "fast-check";
import { EpollError } from "../../../src/eventpoll/errors.ts";
import { EPOLLET, EPOLLEXCLUSIVE, EPOLLIN } from "../../../src/eventpoll/events.ts";
import { codeOf, TestEpoll } from "./_epoll.ts";

const IN = { events: EPOLLIN, data: 1n };

Deno.test("a wait passes the time until its limit, and other sleepers' times with it", async () => {
  const test = new TestEpoll();
  const sleeper = test.system.sleepInWait(test.epfd, 1, 30);
  await sleeper.asleep();
  assertEquals(test.system.epoll_wait(test.epfd, 1, 50), []);
  assertEquals(test.system.now(), 50);
  assertEquals(sleeper.result, []);
});

Deno.test("a wait that nothing can end is told so instead of waiting for ever, and leaves nobody on the queue", () => {
  const test = new TestEpoll();
  const counter = test.counter();
  test.add(counter, EPOLLIN | EPOLLET, 1);
  assertEquals(codeOf(() => test.system.epoll_wait(test.epfd, 1, -1)), "EDEADLK");
  test.count(counter);
  assertEquals(test.wait(), [[1, "IN"]]);
});

Deno.test("a sleeper whose time is over between its wake-up and its run still gets the event", async () => {
  const test = new TestEpoll();
  const counter = test.counter();
  test.add(counter, EPOLLIN | EPOLLET, 1);
  const sleeper = test.system.sleepInWait(test.epfd, 1, 10);
  await sleeper.asleep();
  test.count(counter); // woken, and off the queue
  test.system.fire(); // its time is over before it runs
  test.system.run();
  assertEquals(sleeper.result, [IN]);
});

Deno.test("a wake-up that finds a sleeper awake, since its time was over, wakes the next one too", async () => {
  const test = new TestEpoll();
  const counter = test.counter();
  test.add(counter, EPOLLIN | EPOLLET, 1);
  const other = test.system.sleepInWait(test.epfd, 1, -1);
  const late = test.system.sleepInWait(test.epfd, 1, 10);
  await late.asleep();
  test.system.fire(); // late is awake, and still on the queue
  test.count(counter);
  test.system.run();
  // Whoever runs first has the event; the other one finds nothing. Nobody waits with an event there.
  assertEquals([late.result, other.result], [[IN], undefined]);
});

Deno.test("whatever the order of a limit and a wake-up is, no event is lost and none is there twice", async () => {
  const happenings = fc.shuffledSubarray(["time", "count", "run"] as const, { minLength: 3 });
  await fc.assert(
    fc.asyncProperty(
      fc.array(happenings, { minLength: 1, maxLength: 6 }),
      fc.nat(1000),
      async (rounds, seed) => {
        const test = new TestEpoll({ seed });
        const counter = test.counter();
        test.add(counter, EPOLLIN | EPOLLET, 1);
        const sleepers = [];
        let counted = 0;
        for (const round of rounds) {
          for (const timeoutMs of [10, -1]) {
            const sleeper = test.system.sleepInWait(test.epfd, 1, timeoutMs);
            await sleeper.asleep();
            sleepers.push(sleeper);
          }
          for (const happening of round) {
            if (happening === "time") test.system.fire();
            else if (happening === "run") test.system.run();
            else {
              // Each edge is fetched before the next one comes: two that come together are one event.
              test.system.run();
              test.wait();
              counted++;
              test.count(counter);
            }
          }
          test.system.run();
          const isLeft = test.wait().length;
          const isSomebodyAsleep = sleepers.some(({ result }) => result === undefined);
          if (isLeft > 0) assertEquals(isSomebodyAsleep, false, "nobody sleeps on an event");
        }
        const delivered = sleepers.filter(({ result }) => Array.isArray(result) && result.length > 0).length;
        assertEquals(delivered <= counted, true);
      },
    ),
    { seed: 1, numRuns: 300 },
  );
});

Deno.test("the time of a timeout is over no sooner than its limit, and fractions count", async () => {
  const test = new TestEpoll();
  const sleeper = test.system.sleepInWait(test.epfd, 1, 10.5);
  await sleeper.asleep();
  test.system.advance(10);
  assertEquals(sleeper.result, undefined);
  test.system.advance(0.5);
  assertEquals(sleeper.result, []);
});

Deno.test("wrong arguments are the result of a sleeper", async () => {
  const { system, epfd } = new TestEpoll();
  for (
    const [fd, maxevents, code] of [[99, 1, "EBADF"], [99, 0, "EBADF"], [epfd, 0, "EINVAL"]] as const
  ) {
    const error = await assertRejects(() => system.sleepInWait(fd, maxevents, -1).finished(), EpollError);
    assertEquals(error.code, code);
  }
});

Deno.test("seeds choose which of the woken sleepers is first, and each seed chooses the same again", async () => {
  const winnerOf = async (seed: number): Promise<number> => {
    const test = new TestEpoll({ seed });
    const counter = test.counter();
    const epfds = [0, 1, 2].map(() => test.another());
    for (const epfd of epfds) test.add(counter, EPOLLIN, 1, epfd);
    const sleepers = epfds.map((epfd) => test.system.sleepInWait(epfd, 1, -1));
    await sleepers[0]!.asleep();
    const order: number[] = [];
    sleepers.forEach((sleeper, index) => void sleeper.finished().then(() => order.push(index)));
    test.count(counter);
    await test.system.settle();
    await sleepers[2]!.finished();
    return order[0]!;
  };
  const winners = await Promise.all(Array.from({ length: 20 }, (_, seed) => winnerOf(seed)));
  assertEquals(new Set(winners).size, 3);
  assertEquals(await winnerOf(5), winners[5]);
});

Deno.test("an exclusive wake-up passes over an epoll without a sleeper, queues its watch, and skips those behind the taker", async () => {
  const test = new TestEpoll();
  const counter = test.counter();
  const [first, second, third] = [test.another(), test.another(), test.another()];
  for (const epfd of [first, second, third]) test.add(counter, EPOLLIN | EPOLLEXCLUSIVE, 1, epfd);
  const sleeper = test.system.sleepInWait(second, 1, -1);
  await sleeper.asleep();
  test.count(counter);
  await test.system.settle();
  assertEquals(sleeper.result, [IN]);
  assertEquals(test.wait(16, first), [[1, "IN"]]);
  assertEquals(test.wait(16, third), []);
});
