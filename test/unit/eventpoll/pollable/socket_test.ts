import { assertEquals } from "@std/assert";
import { EPOLLET, EPOLLIN, EPOLLOUT, SHUT_RD, SHUT_RDWR, SHUT_WR } from "../../../../src/eventpoll/events.ts";
import { codeOf, TestEpoll } from "../_epoll.ts";

Deno.test("bytes come out of a socket as they went into its peer, and one read gathers several writes", () => {
  const { system } = new TestEpoll();
  const [a, b] = system.socketpair();
  const encoder = new TextEncoder();
  for (const text of ["hel", "lo ", "world"]) system.write(a, encoder.encode(text));
  const buffer = new Uint8Array(8);
  assertEquals(system.read(b, buffer), 8);
  assertEquals(new TextDecoder().decode(buffer), "hello wo");
  assertEquals(system.read(b, buffer), 3);
  assertEquals(new TextDecoder().decode(buffer.subarray(0, 3)), "rld");
  assertEquals(codeOf(() => system.read(b, buffer)), "EAGAIN");
  assertEquals(system.write(a, new Uint8Array(0)), 0);
  assertEquals(system.read(b, new Uint8Array(0)), 0);
});

// Measured on Linux 6.18: how many writes of so many bytes a pair of sockets takes, how many bytes they make, and behind
// how many of them EPOLLOUT is over.
for (
  const [bytes, writes, total, writable] of [
    [1, 278, 278, 70],
    [192, 278, 53_376, 70],
    [193, 167, 32_231, 42],
    [700, 167, 116_900, 42],
    [1000, 93, 93_000, 24],
    [3776, 49, 185_024, 13],
    [4000, 44, 176_000, 11],
    [5000, 34, 170_000, 9],
    [8192, 24, 196_608, 6],
    [10_000, 17, 170_000, 5],
    [30_000, 7, 210_000, 2],
    [65_536, 4, 233_152, 1],
    [300_000, 1, 219_264, 1],
  ] as const
) {
  Deno.test(`a socket takes ${writes} writes of ${bytes} bytes`, () => {
    const test = new TestEpoll();
    const [a] = test.system.socketpair();
    let count = 0;
    let sum = 0;
    let behind = 0;
    while (sum < total) {
      sum += test.write(a, bytes);
      count++;
      if (behind === 0 && !test.poll(a).includes("OUT")) behind = count;
    }
    assertEquals([count, sum, behind], [writes, total, writable]);
    assertEquals(codeOf(() => test.write(a, bytes)), "EAGAIN");
  });
}

Deno.test("shutdown ends a direction at both ends", () => {
  const test = new TestEpoll();
  const { system } = test;
  const [a, b] = system.socketpair();
  assertEquals(test.poll(a), "OUT|WRNORM|WRBAND");
  test.write(a, 3);
  system.shutdown(a, SHUT_WR);
  assertEquals(test.poll(a), "OUT|WRNORM|WRBAND");
  assertEquals(test.poll(b), "IN|OUT|RDNORM|WRNORM|WRBAND|RDHUP");
  assertEquals(codeOf(() => test.write(a, 1)), "EPIPE");
  assertEquals(codeOf(() => test.write(a, 0)), "EPIPE");
  assertEquals([test.read(b, 10), test.read(b, 10)], [3, 0]);

  const [c, d] = system.socketpair();
  system.shutdown(d, SHUT_RD);
  assertEquals(codeOf(() => test.write(c, 1)), "EPIPE");
  system.shutdown(c, SHUT_RDWR);
  for (const fd of [c, d]) assertEquals(test.poll(fd), "IN|OUT|HUP|RDNORM|WRNORM|WRBAND|RDHUP");
});

Deno.test("the end of a socket is told to its peer, with an error if something was left unread", () => {
  const test = new TestEpoll();
  const [a, b] = test.system.socketpair();
  test.write(a, 2);
  test.write(b, 1);
  test.system.close(a);
  assertEquals(test.poll(b), "IN|OUT|ERR|HUP|RDNORM|WRNORM|WRBAND|RDHUP");
  assertEquals(codeOf(() => test.write(b, 1)), "EPIPE");
  assertEquals(test.read(b, 9), 2);
  assertEquals(codeOf(() => test.read(b, 9)), "ECONNRESET");
  assertEquals(test.read(b, 9), 0);
  assertEquals(test.poll(b), "IN|OUT|HUP|RDNORM|WRNORM|WRBAND|RDHUP");
  test.system.shutdown(b, SHUT_RDWR);
});

Deno.test("a sender hears of each of its writes that was read to the end", () => {
  const test = new TestEpoll();
  const [a, b] = test.system.socketpair();
  test.add(a, EPOLLOUT | EPOLLET, 1);
  assertEquals(test.wait(), [[1, "OUT"]]);
  test.write(a, 5);
  test.write(a, 5);
  test.read(b, 4);
  assertEquals(test.wait(), []);
  test.read(b, 1);
  assertEquals(test.wait(), [[1, "OUT"]]);
  test.read(b, 5);
  assertEquals(test.wait(), [[1, "OUT"]]);
});

Deno.test("a sender that has no room yet is not woken by a read", () => {
  const test = new TestEpoll();
  const [a, b] = test.system.socketpair();
  while (test.poll(a) !== "0") test.write(a, 30_000);
  test.write(a, 30_000);
  test.add(a, EPOLLOUT | EPOLLET, 1);
  test.read(b, 30_000);
  assertEquals(test.wait(), []);
  test.read(b, 60_000);
  assertEquals(test.wait(), [[1, "OUT"]]);
});

Deno.test("each write wakes the peer, and shutdown wakes both ends whatever they wait for", () => {
  const test = new TestEpoll();
  const [a, b] = test.system.socketpair();
  test.add(a, EPOLLET, 1);
  test.add(b, EPOLLIN | EPOLLET, 2);
  test.write(a, 1);
  assertEquals(test.wait(), [[2, "IN"]]);
  test.write(a, 1);
  assertEquals(test.wait(), [[2, "IN"]]);
  test.system.shutdown(a, SHUT_WR);
  assertEquals(test.wait(), [[2, "IN"]]);
  test.system.shutdown(b, SHUT_WR);
  assertEquals(test.wait().toSorted(), [[1, "HUP"], [2, "IN|HUP"]]);
});

Deno.test("only sockets can be shut down, and only in known directions", () => {
  const test = new TestEpoll();
  const [a] = test.system.socketpair();
  assertEquals(codeOf(() => test.system.shutdown(a, 3)), "EINVAL");
  assertEquals(codeOf(() => test.system.shutdown(test.counter(), 0)), "ENOTSOCK");
});
