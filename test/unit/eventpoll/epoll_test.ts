import { assertEquals, assertRejects, assertStrictEquals, assertThrows } from "@std/assert";
import { Epoll } from "../../../src/eventpoll/epoll.ts";
import { EpollError } from "../../../src/eventpoll/errors.ts";
import { EPOLLET, EPOLLIN, EPOLLONESHOT } from "../../../src/eventpoll/events.ts";
import { ModelSystem } from "../../../src/eventpoll/model.ts";
import { codeOf } from "./_epoll.ts";

const ONE = new Uint8Array(BigUint64Array.of(1n).buffer);

Deno.test("an epoll watches files of its system and reports their numbers unless it is told what to report", () => {
  using epoll = new Epoll();
  const { system } = epoll;
  const first = system.eventfd(1, 0);
  const second = system.eventfd(1, 0);
  epoll.add(first, EPOLLIN);
  epoll.add(second, EPOLLIN | EPOLLET, 2n ** 64n - 1n);
  assertEquals(epoll.wait(), [
    { events: EPOLLIN, data: BigInt(first) },
    { events: EPOLLIN, data: 2n ** 64n - 1n },
  ]);
  epoll.delete(first);
  epoll.modify(second, EPOLLIN | EPOLLONESHOT, 7);
  assertEquals(epoll.wait({ maxEvents: 1 }), [{ events: EPOLLIN, data: 7n }]);
  assertEquals(epoll.wait({ timeoutMs: 0 }), []);
});

Deno.test("an epoll watches another one", () => {
  const system = new ModelSystem();
  using outer = new Epoll({ system });
  using inner = new Epoll({ system });
  assertStrictEquals(inner.system, system);
  const counter = system.eventfd(1, 0);
  inner.add(counter, EPOLLIN);
  outer.add(inner, EPOLLIN);
  assertEquals(outer.wait(), [{ events: EPOLLIN, data: BigInt(inner.fd) }]);
  assertEquals(codeOf(() => inner.add(outer, EPOLLIN)), "ELOOP");
});

Deno.test("an asynchronous wait ends with the event, at its limit, or with what is wrong", async () => {
  using epoll = new Epoll();
  const { system } = epoll;
  const counter = system.eventfd(0, 0);
  epoll.add(counter, EPOLLIN | EPOLLET, 1);
  const waiting = epoll.waitAsync();
  system.write(counter, ONE);
  assertEquals(await waiting, [{ events: EPOLLIN, data: 1n }]);
  const limited = epoll.waitAsync({ timeoutMs: 20 });
  system.advance(20);
  assertEquals(await limited, []);
  const error = await assertRejects(() => epoll.waitAsync({ maxEvents: 0 }), EpollError);
  assertEquals(error.code, "EINVAL");
});

Deno.test("sleepers of one model run one after the other without being asked", async () => {
  const system = new ModelSystem();
  const epolls = [0, 1, 2].map(() => new Epoll({ system }));
  const counter = system.eventfd(0, 0);
  for (const epoll of epolls) epoll.add(counter, EPOLLIN, 3);
  const waits = epolls.map((epoll) => epoll.waitAsync());
  await Promise.resolve();
  system.write(counter, ONE);
  for (const events of await Promise.all(waits)) assertEquals(events, [{ events: EPOLLIN, data: 3n }]);
});

Deno.test("a closed epoll does nothing any more, though its number is another file's by now", async () => {
  const epoll = new Epoll();
  const { system } = epoll;
  epoll.close();
  epoll.close();
  const other = system.epoll_create1(0);
  assertEquals(other, epoll.fd);
  const counter = system.eventfd(0, 0);
  for (
    const call of [
      () => epoll.add(counter, EPOLLIN),
      () => epoll.modify(counter, EPOLLIN),
      () => epoll.delete(counter),
      () => epoll.wait(),
    ]
  ) assertEquals(codeOf(call), "EBADF");
  assertEquals((await assertRejects(() => epoll.waitAsync(), EpollError)).code, "EBADF");
  assertEquals(system.watches(other), []);
});

Deno.test("wrong arguments are refused with what they are", () => {
  using epoll = new Epoll();
  const counter = epoll.system.eventfd(0, 0);
  const table: [() => void, new () => Error, string][] = [
    [() => epoll.add(1.5, EPOLLIN), TypeError, "current value is 1.5"],
    // @ts-expect-error: no number and no object
    [() => epoll.add("3", EPOLLIN), TypeError, "current value is 3"],
    // @ts-expect-error: nothing at all
    [() => epoll.add(undefined, EPOLLIN), TypeError, "current value is undefined"],
    [() => epoll.add(counter, 2 ** 32), RangeError, "an integer of 32 bits"],
    [() => epoll.add(counter, EPOLLIN, -1), RangeError, "current value is -1"],
    [() => epoll.add(counter, EPOLLIN, 2 ** 60), RangeError, "above 2^53 as a bigint"],
    [() => epoll.add(counter, EPOLLIN, 2n ** 64n), RangeError, "current value is 18446744073709551616"],
  ];
  for (const [call, errorClass, message] of table) assertThrows(call, errorClass, message);
  assertEquals(codeOf(() => epoll.add(-1, EPOLLIN)), "EBADF");
  assertEquals(epoll.system.watches(epoll.fd), []);
});

Deno.test("an error names the call, the code and what it means", () => {
  using epoll = new Epoll();
  const error = assertThrows(() => epoll.delete(epoll.system.eventfd(0, 0)), EpollError);
  assertEquals([error.name, error.syscall, error.code], ["EpollError", "epoll_ctl", "ENOENT"]);
  assertEquals(
    error.message,
    "epoll_ctl returned ENOENT: this file is not watched under this number; use EPOLL_CTL_ADD",
  );
  assertEquals(new EpollError("read", "EAGAIN").message, "read returned EAGAIN: the call would block");
  assertEquals(new EpollError("read", "EIO").message, "read returned EIO");
});
